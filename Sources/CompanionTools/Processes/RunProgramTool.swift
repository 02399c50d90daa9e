#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  import CompanionDomain
  import CompanionPorts

  /// `run_program`
  struct RunProgramTool: Tool {
    let runner: ProcessRunner

    private var schema: ToolSchema {
      let schema = ToolSchema()
        .adding(
          "program", "string", "The program: its name, its path, or the path of a file of the workspace",
          isRequired: !runner.allowsShell
        )
        .adding(
          "arguments", "array", "What it is given, one element each; nothing in them is expanded",
          ["items": ["type": "string"], "maxItems": .integer(Int64(ProcessRunner.maximumArguments))]
        )
        .adding("folder", "string", "The folder of the workspace in which it starts; its top if left out")
        .adding(
          "timeout_seconds", "integer", "After how many seconds it is stopped; \(longest) if left out",
          ["minimum": 1, "maximum": .integer(Int64(longest))])
      guard runner.allowsShell else { return schema }
      return schema.adding(
        "shell_command", "string", "In place of program and arguments: a command line for /bin/sh")
    }

    private var longest: Int { Int(clamping: max(1, runner.timeout.components.seconds)) }

    var description: ToolDescription {
      ToolDescription(
        name: "run_program",
        summary:
          "Runs a program and brings its exit status and what it prints, of long outputs the beginning and "
          + "the end. It gets no input and no shell is between: there are no pipes, variables or wildcards"
          + (runner.allowsShell ? ", unless a shell command is given." : "."),
        parameters: schema.json)
    }

    var effect: ToolEffect { .runsPrograms }
    var isIdempotent: Bool { false }

    func summary(of arguments: JSONValue) -> String {
      let place = arguments["folder"] == nil ? "" : " in \(arguments.spoken("folder"))"
      if let line = arguments["shell_command"]?.string {
        return "run in a shell\(place): \(line.visible(limit: 600))"
      }
      let words = (arguments["arguments"]?.array ?? []).prefix(ProcessRunner.maximumArguments)
        .map { word in
          guard let word = word.string else { return "(no text)" }
          return Self.quoted(word)
        }
      let program = arguments["program"]?.string.map(Self.quoted) ?? "nothing"
      return "run\(place): \(([program] + words).joined(separator: " ").visible(limit: 600))"
    }

    /// A word as no other word or two are written.
    private static func quoted(_ word: String) -> String {
      let isMark = { (scalar: Unicode.Scalar) in scalar == "“" || scalar == "”" || scalar == "\\" }
      let scalars = word.unicodeScalars
      if !scalars.isEmpty, scalars.allSatisfy({ !isMark($0) && !$0.properties.isWhitespace }) { return word }
      return "“\(scalars.map { isMark($0) ? "\\\($0)" : "\($0)" }.joined())”"
    }

    func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
      if !runner.allowsShell, arguments["shell_command"] != nil {
        throw .invalidArguments("no shell is allowed here; give a program and its arguments.")
      }
      let arguments = try ToolArguments(arguments, names: schema.names)
      let program = try arguments.optionalString("program")
      let words = try arguments.strings("arguments")
      let seconds = try arguments.optionalInteger("timeout_seconds", in: 1...longest)
      var command = ProcessRunner.Command(
        program: program ?? "", arguments: words, folder: try arguments.folder("folder"),
        timeout: seconds.map { .seconds($0) } ?? runner.timeout)
      if let line = try arguments.optionalString("shell_command") {
        guard program == nil, words.isEmpty else {
          throw .invalidArguments("give either a shell command, or a program and its arguments.")
        }
        command.program = "/bin/sh"
        command.arguments = ["-c", line]
      }
      try check(command)
      return try await runner.run(command)
    }

    private func check(_ command: ProcessRunner.Command) throws(ToolFailure) {
      guard !command.program.isEmpty else { throw .invalidArguments("“program” is missing.") }
      let words = [command.program] + command.arguments
      guard command.arguments.count <= ProcessRunner.maximumArguments else {
        throw .invalidArguments("there are more than \(ProcessRunner.maximumArguments) arguments.")
      }
      let bytes = words.reduce(0) { $0 + $1.utf8.count }
      guard bytes <= ProcessRunner.maximumArgumentBytes else {
        throw .tooLarge(what: "The command", bytes: bytes, limit: ProcessRunner.maximumArgumentBytes)
      }
      guard !words.contains(where: { $0.utf8.contains(0) }) else {
        throw .invalidArguments("there is a NUL character in the program or its arguments.")
      }
    }
  }
#endif
