/// One answer of a model that calls tools, and what came of the calls: a step of a task, as it is stored.
public struct ToolRound: Hashable, Sendable, Codable {
  /// Its place among the task's rounds, from 0.
  public let number: Int
  /// What the model said beside its calls; may be empty.
  public let text: String
  /// The calls, in the model's order.
  public internal(set) var calls: [RecordedCall]

  /// A round in which nothing was done yet.
  ///
  /// - Parameter calls: their names differ from each other.
  public init(number: Int, text: String, calls: [ToolCall]) {
    self.number = number
    self.text = text
    self.calls = calls.map { RecordedCall(call: $0) }
  }

  /// A call, and what came of it.
  public struct RecordedCall: Hashable, Sendable, Codable {
    /// The call as the model has written it.
    public let call: ToolCall
    /// Who has allowed it; `nil` while nobody has, and where nobody need.
    public internal(set) var permission: ToolPermission?
    /// When it was begun the last time; `nil` for one that was not, and where nobody need know.
    public internal(set) var startedAt: Timestamp?
    /// What came of it; `nil` while it is open.
    public internal(set) var result: ToolResult?

    init(call: ToolCall) { self.call = call }
  }

  /// The first call that has no result; `nil` when all have.
  public var firstOpen: Int? { calls.firstIndex { $0.result == nil } }

  /// The name of the approval that a call needs.
  public func approval(of call: Int, in task: TaskID) -> ApprovalID {
    ApprovalID(task: task, number: number * Self.maximumCalls + call)
  }

  /// The most calls that are made of one round; those beyond are answered without.
  public static let maximumCalls = 100

  /// The round with a call that is allowed.
  public func allowing(_ index: Int, by permission: ToolPermission) -> ToolRound {
    changed(index) { $0.permission = permission }
  }

  /// The round with a call that is about to be made: if nobody hears of it any more, it may have been done.
  public func starting(_ index: Int, at now: Timestamp) -> ToolRound {
    changed(index) { $0.startedAt = now }
  }

  /// The round with what came of a call. The first result counts.
  public func finishing(_ index: Int, with result: ToolResult) -> ToolRound {
    changed(index) { call in
      guard call.result == nil else { return }
      call.result = ToolResult(callID: call.call.id, outcome: result.outcome, content: result.content)
    }
  }

  /// The round as a later attempt takes it up: a call that was begun, and has no result, is over, unless it may be made
  /// once more.
  ///
  /// - Parameter mayRepeat: whether a tool is idempotent.
  public func resumed(mayRepeat: (ToolCall) -> Bool) -> ToolRound {
    calls.indices.reduce(self) { round, index in
      let recorded = calls[index]
      guard recorded.startedAt != nil, recorded.result == nil, !mayRepeat(recorded.call) else { return round }
      return round.finishing(index, with: ToolPairing.interrupted(recorded.call))
    }
  }

  /// The round of a task that has ended: every call has a result.
  public func closed() -> ToolRound {
    calls.indices.reduce(self) { round, index in
      let recorded = calls[index]
      let result =
        recorded.startedAt == nil
        ? ToolResult(
          callID: recorded.call.id, outcome: .interrupted,
          content: "Interrupted: the task has ended. Nothing was done.")
        : ToolPairing.interrupted(recorded.call)
      return round.finishing(index, with: result)
    }
  }

  private func changed(_ index: Int, _ change: (inout RecordedCall) -> Void) -> ToolRound {
    var round = self
    if round.calls.indices.contains(index) { change(&round.calls[index]) }
    return round
  }
}

/// Who has allowed a call of a tool.
@nonexhaustive
public enum ToolPermission: Hashable, Sendable, Codable {
  /// The host's policy.
  case policy
  /// A person, by this approval.
  case person(ApprovalID)
}
