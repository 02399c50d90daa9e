import CompanionKit
import ExampleSupport
import Synchronization

/// Talks to a person in a terminal.
///
/// The terminal edits the lines. An answer streams while the person may already type the next message, which
/// then stops it. Background work shows in the last row; its results are printed between two lines, never
/// into one.
final class TerminalChat: Sendable {
  private struct State {
    var row = StatusRow()
    /// The answer that is being printed.
    var answering: Reply?
    /// Whether the next Ctrl-C quits.
    var isQuitting = false
  }

  private static let prompt = "> "
  /// How long a task that has just been started may take for its result to come before the next prompt.
  static let patience = Duration.milliseconds(300)

  private let companion: Companion
  private let input: Input
  private let output: Output
  private let commands: CommandRunner
  private let board: TaskBoard
  private let state = Mutex(State())

  init(companion: Companion, input: Input, output: Output, commands: CommandRunner, board: TaskBoard) {
    self.companion = companion
    self.input = input
    self.output = output
    self.commands = commands
    self.board = board
  }

  /// Talks until the person leaves.
  func run() async {
    await withTaskGroup(of: Bool.self) { group in
      let events = companion.events()
      group.addTask {
        for await event in events where event.task != nil || ProviderBoard.concerns(event) {
          self.updateRow()
        }
        return false
      }
      group.addTask {
        await self.obey(Signal.all())
        return true
      }
      group.addTask {
        await self.talk()
        return true
      }
      while let isLeaving = await group.next(), !isLeaving {}
      group.cancelAll()
    }
    await companion.stop()
    output.write(state.withLock { $0.row.hide() } + "\n")
    _ = printNews()
    await output.flush()
  }

  // MARK: The person's lines

  private func talk() async {
    await withDiscardingTaskGroup { answers in
      await greet(&answers)
      while let line = await input.nextLine(for: board) {
        state.withLock { $0.isQuitting = false }
        await showNews()
        switch SlashCommand(line) {
        case .quit: return answers.cancelAll()
        case let command?: await run(command)
        case nil where line.allSatisfy(\.isWhitespace): prompt()
        case nil where line == "y" || line == "n": await answerOrSend(line, &answers)
        case nil: await send(line, &answers)
        }
      }
      answers.cancelAll()
    }
  }

  private func greet(_ answers: inout DiscardingTaskGroup) async {
    do {
      let waiting = try await companion.approvals()
      for approval in waiting { output.write(ApprovalCommands.question(approval).withoutControls + "\n") }
      let questions = try await companion.questions()
      for question in questions { output.write(QuestionCommands.line(question).withoutControls + "\n") }
      await output.flush()
      board.noteShown(waiting.map { .permission($0.id) } + questions.map { .question($0) })
      guard let reply = try await companion.resume(commands.session) else { return prompt() }
      output.write("Your last message has no answer yet. Here it is:\n")
      begin(reply, &answers)
    } catch {
      await complain(error)
    }
  }

  private func send(_ line: String, _ answers: inout DiscardingTaskGroup) async {
    do {
      begin(try await companion.send(line, in: commands.session), &answers)
    } catch {
      await complain(error)
    }
  }

  /// A letter that can only mean the one thing that is asked for answers it; otherwise it is a message.
  private func answerOrSend(_ line: String, _ answers: inout DiscardingTaskGroup) async {
    let isOnlyOneAsked = (try? await companion.approvals().count) == 1
    guard isOnlyOneAsked else { return await send(line, &answers) }
    await run(line == "y" ? .approve(.oldest) : .deny(nil, reason: []))
  }

  private func begin(_ reply: Reply, _ answers: inout DiscardingTaskGroup) {
    state.withLock { $0.answering = reply }
    answers.addTask { await self.print(reply) }
  }

  private func print(_ reply: Reply) async {
    var failure: ChatFailure?
    do {
      for try await text in reply {
        output.write(text.withoutControls)
        await output.flush()
      }
    } catch {
      failure = error
    }
    let isCurrent = state.withLock { state in
      guard state.answering === reply else { return false }
      state.answering = nil
      return true
    }
    switch reply.outcome {
    case .interrupted(.superseded): return output.write(" …\n")
    case .interrupted: output.write(" … (stopped)\n")
    default: output.write("\n")
    }
    if let failure { return await complain(failure) }
    guard isCurrent, !Task.isCancelled else { return }
    if case .handedOver = reply.outcome { _ = try? await companion.drainTasks(limit: Self.patience) }
    await showNews()
    prompt()
  }

  private func run(_ command: SlashCommand) async {
    do {
      output.write(try await commands.run(command).withoutControls + "\n")
      await showNews()
      prompt()
      // What a command lists can be answered by the next line.
      await output.flush()
    } catch {
      await complain(error)
    }
  }

  private func complain(_ error: any Error) async {
    await output.flush()
    Output.complain(describe(error))
    prompt()
  }

  private func prompt() { output.write(Self.prompt) }

  // MARK: Background work

  private func showNews() async {
    let asked = printNews()
    updateRow()
    guard !asked.isEmpty else { return }
    await output.flush()
    board.noteShown(asked)
  }

  /// - Returns: what the person is asked by it.
  private func printNews() -> [TaskBoard.Asked] {
    let news = board.takeNews()
    for piece in news { output.write(piece.text.withoutControls + "\n") }
    return news.compactMap(\.asked)
  }

  private func updateRow() {
    // Written under the lock: a row that is shown and then hidden comes out in that order.
    state.withLock { state in
      let summary = [commands.board.summary, board.summary].compactMap(\.self).joined(separator: "   ")
      if !summary.isEmpty {
        output.write(state.row.show(summary))
      } else {
        output.write(state.row.hide())
      }
    }
  }

  // MARK: Signals

  /// Returns when the person, or the system, wants the program to end.
  private func obey(_ signals: AsyncStream<Signal>) async {
    for await signal in signals {
      switch signal {
      case .resize: state.withLock { output.write($0.row.resize()) }
      case .terminate: return
      case .suspend:
        // The shell gets the whole screen back, and whoever resumes the program a new prompt.
        state.withLock { output.write($0.row.hide()) }
        await output.flush()
        Signal.suspendProcess()
      case .resume:
        updateRow()
        output.write(Self.prompt)
      case .interrupt:
        let (isQuitting, answer) = state.withLock { state in
          defer { state.isQuitting = true }
          return (state.isQuitting, state.answering)
        }
        if isQuitting { return }
        if let answer {
          answer.interrupt()
        } else {
          output.write("\n(Ctrl-C again, or /quit, to leave)\n" + Self.prompt)
        }
      }
    }
  }
}
