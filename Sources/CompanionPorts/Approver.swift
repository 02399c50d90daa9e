public import CompanionDomain

/// Says whether a call of a tool may be made: the host's policy, and its way of asking somebody.
///
/// It is asked once for each call that a model has written, before anything is done.
public protocol Approver: Sendable {
  /// What holds for a call.
  ///
  /// It may be asked again for the same call after a crash.
  ///
  /// - Parameter request: the call; nothing of it is stored yet.
  func ruling(on request: Approval) async -> ApprovalRuling
}

/// What an ``Approver`` says to a call.
@nonexhaustive
public enum ApprovalRuling: Hashable, Sendable {
  /// It may be made.
  case allow
  /// It may not; the reason is told to the model.
  case deny(reason: String)
  /// A person decides: the task waits until somebody has, or the time is over. An event tells of it.
  case ask
}

/// Lets calls that only read be made, and asks a person for all others: the default.
public struct AskBeforeChanges: Approver {
  /// The default.
  public init() {}

  /// Asks, unless the call only reads.
  public func ruling(on request: Approval) async -> ApprovalRuling {
    request.effect.needsApproval ? .ask : .allow
  }
}

/// Lets every call be made: for a host that trusts its tools, or has asked before.
public struct AllowEverything: Approver {
  /// Everything is allowed.
  public init() {}

  /// Allows.
  public func ruling(on request: Approval) async -> ApprovalRuling { .allow }
}

extension Approver where Self == AskBeforeChanges {
  /// Asks a person before everything that does more than read.
  public static var askBeforeChanges: AskBeforeChanges { AskBeforeChanges() }
}

extension Approver where Self == AllowEverything {
  /// Asks nobody.
  public static var allowEverything: AllowEverything { AllowEverything() }
}
