import CompanionKit

/// Takes each line of the input as a message and prints the answers, or with `--json` the events.
struct PipedChat {
  let companion: Companion
  let input: Input
  let output: Output
  let json: JSONLines?
  let commands: CommandRunner
  let board: TaskBoard

  /// How long background tasks may take after the end of the input.
  static let drainLimit = Duration.seconds(60)

  /// - Returns: whether everything went well.
  func run() async -> Bool {
    let isSuccess = await withTaskGroup(of: Bool?.self) { group in
      group.addTask { await converse() }
      group.addTask {
        await obey(Signal.all())
        return nil
      }
      // The end of the input, or a signal, ends the program.
      let isSuccess = await group.next() ?? nil
      group.cancelAll()
      return isSuccess ?? false
    }
    await companion.stop()
    showResults()
    return await output.flush() && isSuccess
  }

  private func converse() async -> Bool {
    var isSuccess = await resume()
    while !output.hasFailed, let line = await input.nextLine() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      let command = SlashCommand(line)
      if command == .quit { break }
      let isDone = if let command { await run(command) } else { await answer(line) }
      isSuccess = isSuccess && isDone
      showResults()
    }
    if output.hasFailed {
      Output.complain("The output cannot be written. Nothing more is sent.")
      return false
    }
    let isDrained = await drain()
    return isSuccess && isDrained
  }

  private func resume() async -> Bool {
    await print { () async throws(ChatFailure) in try await companion.resume(commands.session) }
  }

  private func answer(_ line: String) async -> Bool {
    await print { () async throws(ChatFailure) in try await companion.send(line, in: commands.session) }
  }

  private func print(_ send: () async throws(ChatFailure) -> Reply?) async -> Bool {
    var isLineOpen = false
    do throws(ChatFailure) {
      guard let reply = try await send() else { return true }
      for try await text in reply {
        if json == nil { output.write(text) }
        isLineOpen = true
        // What could not be shown is not asked on for, and so does not count as shown.
        guard await output.flush() else { return false }
      }
      endLine(isLineOpen)
      return true
    } catch {
      endLine(isLineOpen)
      await output.flush()
      Output.complain(error.description)
      return false
    }
  }

  private func endLine(_ isLineOpen: Bool) {
    if isLineOpen, json == nil { output.write("\n") }
  }

  private func run(_ command: SlashCommand) async -> Bool {
    do {
      let text = try await commands.run(command)
      if let json {
        json.print([
          "schema": .integer(CompanionEvent.schemaVersion), "type": "command.output",
          "time": .string(SystemTimeSource().now.description), "text": .string(text),
        ])
      } else {
        output.write(text + "\n")
      }
      return true
    } catch {
      Output.complain(describe(error))
      return false
    }
  }

  private func drain() async -> Bool {
    do {
      _ = try await companion.drainTasks(limit: Self.drainLimit)
      let status = try await companion.status()
      let left = status.queuedTasks + status.runningTasks
      if left > 0 {
        let tasks = left == 1 ? "1 background task is" : "\(left) background tasks are"
        Output.complain("\(tasks) not done yet. A companion with this store goes on with what is left.")
      }
      return true
    } catch {
      Output.complain(error.description)
      return false
    }
  }

  private func showResults() {
    let results = board.takeResults()
    guard json == nil else { return }
    for result in results { output.write(result + "\n") }
  }

  /// Returns at a second Ctrl-C, or when somebody wants the program to end. The first Ctrl-C stops the
  /// answer that is being given.
  private func obey(_ signals: AsyncStream<Signal>) async {
    var isQuitting = false
    for await signal in signals {
      switch signal {
      case .resize, .resume: continue
      case .suspend: Signal.suspendProcess()
      case .terminate: return
      case .interrupt:
        if isQuitting { return }
        isQuitting = true
        companion.interrupt(commands.session)
      }
    }
  }
}
