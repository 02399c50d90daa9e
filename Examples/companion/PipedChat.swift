import CompanionKit
import ExampleSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

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

  /// - Returns: the program's status: 0 when everything went well.
  func run() async -> Int32 {
    let events = companion.events()
    let status = await withTaskGroup(of: Int32?.self) { group in
      group.addTask { await converse() ? 0 : 1 }
      group.addTask { await obey(Signal.all()) }
      if json == nil {
        group.addTask {
          for await line in events.compactMap(ProviderBoard.line) { Output.tell(line) }
          return nil
        }
      }
      // The end of the input, or a signal, ends the program.
      var status: Int32?
      while status == nil, let end = await group.next() { status = end }
      // The person has stopped the answer; nobody has just let go of it.
      if status == Self.interrupted { companion.interrupt(commands.session) }
      group.cancelAll()
      return status ?? 1
    }
    await companion.stop()
    showNews()
    return await output.flush() || status != 0 ? status : 1
  }

  /// What a shell calls the status of a program that Ctrl-C has ended, and that `kill` has.
  private static let (interrupted, terminated): (Int32, Int32) = (130, 143)

  private func converse() async -> Bool {
    var isSuccess = await resume()
    while !output.hasFailed, !Task.isCancelled, let line = await input.nextLine() {
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      let command = SlashCommand(line)
      if command == .quit { break }
      let isDone = if let command { await run(command) } else { await answer(line) }
      isSuccess = isSuccess && isDone
      showNews()
    }
    if output.hasFailed {
      Output.complain("The output cannot be written. Nothing more is sent.")
      return false
    }
    guard !Task.isCancelled else { return false }
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
    // What another program reads is left as it is.
    let isShown = isatty(STDOUT_FILENO) == 1
    do throws(ChatFailure) {
      guard let reply = try await send() else { return true }
      for try await text in reply {
        if json == nil { output.write(isShown ? text.withoutControls : text) }
        isLineOpen = true
        // What could not be shown is not asked on for, and so does not count as shown.
        guard await output.flush() else { return false }
      }
      endLine(isLineOpen)
      return true
    } catch {
      endLine(isLineOpen)
      await output.flush()
      if !Task.isCancelled { Output.complain(error.description) }
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
        output.write(text.withoutControls + "\n")
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
      for approval in try await companion.approvals() {
        Output.complain(
          "Permission is not given yet to \(approval.summary) (\(ApprovalCommands.shortName(of: approval.id))). "
            + "A companion with this store takes /approve and /deny.")
      }
      for question in try await companion.questions() {
        Output.complain(
          "Not answered yet (\(QuestionCommands.shortName(of: question))): \(question.text) "
            + "A companion with this store takes /answer.")
      }
      return true
    } catch {
      Output.complain(error.description)
      return false
    }
  }

  private func showNews() {
    let news = board.takeNews()
    guard json == nil else { return }
    for piece in news { output.write(piece.text.withoutControls + "\n") }
  }

  /// Returns when the person, or the system, wants the program to end.
  ///
  /// - Returns: the status that it ends with; `nil` when nobody does.
  private func obey(_ signals: AsyncStream<Signal>) async -> Int32? {
    for await signal in signals {
      switch signal {
      case .resize, .resume: continue
      case .suspend: Signal.suspendProcess()
      case .terminate: return Self.terminated
      case .interrupt: return Self.interrupted
      }
    }
    return nil
  }
}
