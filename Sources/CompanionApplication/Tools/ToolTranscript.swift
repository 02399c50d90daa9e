import CompanionDomain
import CompanionPorts

/// What a task has had tools do, as it is stored: round by round, so that a later attempt goes on from there.
struct ToolTranscript {
  private let attempt: TaskAttempt
  private let environment: Environment
  private(set) var rounds: [Versioned<ToolRound>] = []

  /// The name of a round's state.
  static func key(_ round: Int, of task: TaskID) -> StateKey {
    StateKey(.task(task), .round, StateName(number: round))
  }

  /// The number of the last round that a task has stored; `nil` for none.
  static func lastRound(of task: GenerationTask) -> Int? {
    guard task.request.kind == .conversation else { return nil }
    return (task.progress?.checkpoint).flatMap(Int.init)
  }

  /// The transcript of a task, as its last attempt has left it.
  ///
  /// - Throws: `StoreFailure`, `corrupt` where a round is missing.
  init(of attempt: TaskAttempt, environment: Environment) async throws(StoreFailure) {
    self.attempt = attempt
    self.environment = environment
    guard let last = Self.lastRound(of: attempt.task) else { return }
    rounds = try await environment.store.values(of: .task(attempt.task.id), .round)
    // Without one of them, calls that were made would be made again.
    let numbers = rounds.map(\.value.number)
    guard last >= 0, last < .max, numbers.elementsEqual(0...last) else {
      throw .corrupt("of the task's steps 0 to \(last) these are stored: \(numbers)")
    }
  }

  /// The names of all calls that were made.
  var callIDs: Set<String> { Set(rounds.flatMap { $0.value.calls.map(\.call.id) }) }

  /// The last round; `nil` before the first.
  var last: ToolRound? { rounds.last?.value }

  /// Stores a new round, or another state of the last one.
  ///
  /// - Throws: `CancellationError` when the task is another attempt's; `StoreFailure`.
  mutating func store(_ round: ToolRound, usage: TokenUsage? = nil, note: String) async throws {
    let isNew = rounds.count == round.number
    let known = isNew ? Versioned(value: round, version: 0) : rounds[round.number]
    let key = Self.key(round.number, of: attempt.task.id)
    let put = try known.putting(round, as: key, at: environment.time.now)
    var usage = usage
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(2))
    for isLastTry in [false, false, false, false, true] {
      do {
        try await attempt.report(
          TaskProgress(note: note, checkpoint: String(round.number)), usage: usage,
          storing: ChangeSet([put]))
        take(round, known)
        return
      } catch let failure as StoreFailure {
        // It may be there all the same.
        if let stored: Versioned<ToolRound> = try? await environment.store.value(key),
          stored.version == known.version + 1, stored.value == round
        {
          take(round, known)
          return
        }
        if isLastTry || failure == .conflict(.stateMoved) || failure == .closed { throw failure }
        usage = nil
      }
      try await environment.time.sleep(until: environment.time.now.advanced(by: pause.next()), tolerance: nil)
    }
  }

  /// Another state of the last round, for a commit in which the task begins to wait.
  func putting(_ round: ToolRound) throws(StoreFailure) -> ChangeSet.Change {
    try rounds[round.number].putting(
      round, as: Self.key(round.number, of: attempt.task.id), at: environment.time.now)
  }

  /// What makes such a commit fail when the round is not as it is known here any more.
  func expecting(_ round: ToolRound) -> ChangeSet.Change {
    .expectState(Self.key(round.number, of: attempt.task.id), version: rounds[round.number].version)
  }

  private mutating func take(_ round: ToolRound, _ known: Versioned<ToolRound>) {
    let stored = Versioned(value: round, version: known.version + 1)
    if rounds.count == round.number { rounds.append(stored) } else { rounds[round.number] = stored }
  }

  /// The rounds as the model sees them: each answer with its calls, and a result for each of them.
  ///
  /// - Parameter time: that of the messages, which the model is not told.
  func messages(at time: Timestamp) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    func add(_ role: ChatMessage.Role, _ parts: [MessagePart]) {
      messages.append(
        ChatMessage(
          sequence: SequenceNumber(rawValue: Int64(messages.count + 1)),
          turn: attempt.task.turn ?? TurnID(bits: 0), role: role, parts: parts, time: time, origin: .model))
    }
    for round in rounds.map(\.value) {
      let said: [MessagePart] = round.text.isEmpty ? [] : [.text(round.text)]
      add(.assistant, said + round.calls.map { .toolCall($0.call) })
      for result in round.calls.compactMap(\.result) { add(.tool, [.toolResult(result)]) }
    }
    return messages
  }
}

extension StateKind {
  /// The ``Intent`` of a task that came without one.
  static let intent: StateKind = "intent"

  /// What the engine keeps for a conversation, for a task, or for all of the companion.
  static func kinds(of owner: StateOwner) -> [StateKind] {
    switch owner {
    case .session: [.session, .context, .summary, .understood]
    case .task: [.intent, .round, .approval]
    case .companion: [.tokens]
    }
  }
}

extension StateKey {
  /// The name of an approval's state.
  init(approval id: ApprovalID) { self.init(.task(id.task), .approval, StateName(number: id.number)) }
}
