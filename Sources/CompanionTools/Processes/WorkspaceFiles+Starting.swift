#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  import CompanionDomain

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  extension WorkspaceFiles {
    /// Starts a program in a folder of the workspace.
    func start(_ command: ProcessRunner.Command, by runner: ProcessRunner) throws(ToolFailure) -> ChildProcess
    {
      let executable = try executable(command.program, searchPath: runner.searchPath)
      try rules.checkReading(command.folder)
      let folder = try openFolder(command.folder)
      do throws(SystemFault) {
        let output = try Pipe()
        let stop = try Pipe()
        let identifier = try SpawnedProcess(
          executable: executable, arguments: [command.program] + command.arguments,
          environment: runner.environment.map { "\($0)=\($1)" }.sorted(), folder: folder,
          output: output.writing
        ).identifier
        return ChildProcess(
          identifier, output: output.reading, stop: stop, outputBytes: runner.outputBytes)
      } catch {
        let name = command.program.visible(limit: 300)
        throw switch error.code {
        case E2BIG: .invalidArguments("the arguments of “\(name)” are too long for the system.")
        default: .unavailable("“\(name)” cannot be started: \(error.words).")
        }
      }
    }

    /// The path from `/` of a program.
    private func executable(_ program: String, searchPath: [String]) throws(ToolFailure) -> String {
      if program.utf8.first == UInt8(ascii: "/") { return program }
      if program.utf8.contains(UInt8(ascii: "/")) {
        let path = try WorkspacePath(program)
        try rules.checkReading(path)
        let (folder, name, status) = try find(path)
        guard status.kind == .file else { throw .refused(path: program, reason: status.kind.reason) }
        guard unsafe faccessat(folder.number, name, X_OK, 0) == 0 else {
          throw .refused(path: program, reason: "is no program: it may not be executed")
        }
        let absolute = rootPath == "/" ? "/\(path)" : "\(rootPath)/\(path)"
        // The system starts programs by their path alone, which may lead elsewhere by now.
        var reached = stat()
        guard unsafe lstat(absolute, &reached) == 0, FileStatus(reached).isSameFile(as: status) else {
          throw .unavailable("The workspace is no longer where it was opened. Open it again.")
        }
        return absolute
      }
      for folder in searchPath {
        let candidate = "\(folder)/\(program)"
        var status = stat()
        guard unsafe stat(candidate, &status) == 0, FileStatus(status).kind == .file else { continue }
        if unsafe access(candidate, X_OK) == 0 { return candidate }
      }
      throw .unavailable("There is no program “\(program.visible(limit: 300))” here. Use another one.")
    }
  }
#endif
