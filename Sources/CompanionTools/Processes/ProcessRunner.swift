#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  public import CompanionDomain
  public import CompanionPorts
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  /// Runs programs for a tool. There is none unless a host makes one.
  ///
  /// A program starts in a folder of the workspace, with an empty standard input, no environment but the one that is
  /// given here, no open file of this process, no signal blocked or ignored, and a session of its own. Its group is
  /// told to end when it takes too long, and when the call is cancelled; when it has ended, however that came about,
  /// what is left of its session is killed.
  ///
  /// It is not confined: it may do anything that this process may. Have a person agree to each call, or run the
  /// host where it can do no harm.
  public struct ProcessRunner: Sendable {
    /// The most arguments of a program, and the most bytes of all of them.
    static let maximumArguments = 1_000
    static let maximumArgumentBytes = 100_000

    /// The most programs of one runner that run at once: two threads wait for each, and there is an end to those.
    static let maximumPrograms = 32

    /// The folders in which a program is looked for that is given by its name; paths from `/`.
    public let searchPath: [String]
    /// The environment of the programs.
    public let environment: [String: String]
    /// Whether a command line may be given to `/bin/sh`, which can then start whatever it likes in one call.
    public let allowsShell: Bool
    /// How long a program may take, where a call asks for no less.
    public let timeout: Duration
    /// How long a program has to end by itself when it is told to, before it is killed.
    public let gracePeriod: Duration
    /// How many bytes of what a program prints are kept: as many of the end as of the beginning.
    public let outputBytes: Int
    let files: WorkspaceFiles
    let time: any TimeSource
    private let running = ProgramCount()

    /// A runner.
    ///
    /// - Parameters:
    ///   - files: the workspace in whose folders programs start.
    ///   - searchPath: the folders in which a program is looked for that is given by its name.
    ///   - environment: all of the programs' environment. Nothing is taken over from this process, as there may be
    ///     secrets in it.
    ///   - allowsShell: whether a command line may be given to `/bin/sh`.
    ///   - timeout: how long a program may take; less than the limit of a call of any tool, 15 minutes by default, or
    ///     what the program has printed until then is not told.
    ///   - gracePeriod: how long it has to end by itself when it is told to.
    ///   - outputBytes: how many bytes of what it prints are kept.
    ///   - time: measures them.
    /// - Throws: `ToolFailure.unavailable` for a folder that does not begin at `/`, a variable that is none, or a
    ///   limit that leaves nothing.
    public init(
      files: WorkspaceFiles, searchPath: [String] = ["/usr/local/bin", "/usr/bin", "/bin"],
      environment: [String: String] = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"],
      allowsShell: Bool = false, timeout: Duration = .seconds(60), gracePeriod: Duration = .seconds(2),
      outputBytes: Int = 32 << 10, time: any TimeSource
    ) throws(ToolFailure) {
      for folder in searchPath where !folder.utf8.starts(with: "/".utf8) || folder.utf8.contains(0) {
        throw .unavailable(
          "The search path has “\(folder.visible(limit: 100))”, which does not begin with /.")
      }
      for (name, value) in environment
      where name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) || (name + value).utf8.contains(0) {
        throw .unavailable("The environment has “\(name.visible(limit: 100))”, which is no variable.")
      }
      guard timeout >= .seconds(1), gracePeriod >= .zero, outputBytes >= 2 else {
        throw .unavailable(
          "Give programs a second at least, a grace period of 0 or more, and 2 bytes of output.")
      }
      self.files = files
      self.searchPath = searchPath
      self.environment = environment
      self.allowsShell = allowsShell
      self.timeout = timeout
      self.gracePeriod = gracePeriod
      self.outputBytes = outputBytes
      self.time = time
    }

    /// `run_program`
    public var tool: any Tool { RunProgramTool(runner: self) }
  }

  /// How many programs of a runner are running.
  private final class ProgramCount: Sendable {
    private let count = Mutex(0)

    /// - Returns: whether there is room for one more, which is counted then.
    func begin(limit: Int) -> Bool {
      count.withLock { count in
        guard count < limit else { return false }
        count += 1
        return true
      }
    }

    func end() { count.withLock { $0 -= 1 } }
  }

  extension ProcessRunner {
    /// What is run.
    struct Command: Sendable {
      /// A name, a path from `/`, or the path of a file of the workspace.
      var program: String
      var arguments: [String]
      var folder: WorkspacePath
      var timeout: Duration
    }

    /// Runs a program to its end.
    func run(_ command: Command) async throws(ToolFailure) -> ToolOutput {
      guard running.begin(limit: Self.maximumPrograms) else {
        throw .unavailable("\(Self.maximumPrograms) programs are running. Call again when one has ended.")
      }
      defer { running.end() }
      let child = try await files.whileNotCancelled { files throws(ToolFailure) in
        try files.start(command, by: self)
      }
      let stop = await end(of: child, within: command.timeout)
      let (status, output) = await child.end()
      switch stop {
      case .cancelled: throw .cancelled
      case .timedOut: throw .timedOut(after: command.timeout, output: output.text)
      case nil:
        return ToolOutput(
          "\(status)\(output.total == 0 ? " It printed nothing." : "\n\(output.text)")",
          isError: status != .exited(0), isTruncated: output.isCut)
      }
    }

    private enum Stop: Sendable { case timedOut, cancelled }

    /// Waits until a program has ended, and sees to it that it does.
    ///
    /// - Returns: why it was stopped; `nil` when it was not.
    private func end(of child: ChildProcess, within limit: Duration) async -> Stop? {
      await withTaskGroup(of: Stop?.self) { group in
        group.addTask {
          _ = await child.end()
          return nil
        }
        group.addTask {
          do { try await time.sleep(for: limit) } catch { return .cancelled }
          return .timedOut
        }
        let stop = await group.next() ?? nil
        group.cancelAll()
        if stop != nil { await stopInTime(child) }
        return stop
      }
    }

    /// Tells a program to end, and kills it when it does not.
    private func stopInTime(_ child: ChildProcess) async {
      child.signal(SIGTERM)
      // The caller's cancellation must not shorten the grace, so this is no child of its task. It is waited for here.
      let grace = Task { [time, gracePeriod] in
        do { try await time.sleep(for: gracePeriod) } catch { return }
        child.signal(SIGKILL)
      }
      _ = await child.end()
      grace.cancel()
      await grace.value
    }
  }
#endif
