/// What a state goes with: when it goes, the state does.
@nonexhaustive
public enum StateOwner: Hashable, Sendable, Codable {
  /// A conversation.
  case session(SessionID)
  /// A background task.
  case task(TaskID)
  /// The companion, which is always there: what holds for all of it.
  case companion
}

/// Names a state: what it goes with, what it is, and which one of those.
public struct StateKey: Hashable, Sendable, Codable {
  /// What it goes with.
  public var owner: StateOwner
  /// What it is.
  public var kind: StateKind
  /// Which one of those of its owner and kind; the names are in the order of their bytes.
  public var name: StateName

  /// A key of these parts.
  public init(_ owner: StateOwner, _ kind: StateKind, _ name: StateName = .only) {
    self.owner = owner
    self.kind = kind
    self.name = name
  }
}

/// Names a kind of state.
public struct StateKind: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

extension StateKind: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

extension StateKind {
  /// Of a session: what it is about, its limits, where it was forked from, and how it was closed; see ``SessionDetails``.
  public static let session: StateKind = "session"
  /// Of a session: what the chat and its tasks share.
  public static let context: StateKind = "context"
  /// Of a session: what its older messages say, in short.
  public static let summary: StateKind = "summary"
  /// Of a session: what its newest message asks for, as a model has understood it.
  public static let understood: StateKind = "understood"
  /// Of a task: what a person is asked to approve.
  public static let approval: StateKind = "approval"
  /// Of a task: what one round of its work has called and found.
  public static let round: StateKind = "round"
  /// Of the companion: how many tokens a model makes of texts, as far as that is learnt; one for each model.
  public static let tokens: StateKind = "tokens"

  /// The kinds that stay with a session of which something is forgotten, without the words in them. A state of any other
  /// kind may have words of what goes everywhere.
  package static let staying: Set<StateKind> = [.session, .context]
}

/// Tells the states of one owner and kind apart.
public struct StateName: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }

  /// The name where there is one such state only.
  public static let only: StateName = "only"

  /// The name of the one of this number, from 0 to 999,999; the names are in the order of the numbers.
  public init(number: Int) {
    let digits = String(min(max(number, 0), 999_999))
    self.init(
      validated: ValidatedIdentifier(
        replacingInvalid: String(repeating: "0", count: 6 - digits.count) + digits))
  }
}

extension StateName: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

/// Something that the engine keeps for a conversation, a task or itself, such as a summary, an approval, or the calls of
/// tools that a task has made.
///
/// A store does not look into it. It is changed by whoever has seen its last version.
public struct StateRecord: Hashable, Sendable, Codable {
  /// Its name.
  public var key: StateKey
  /// 1 for a new one; raised by one with every change.
  public var version: Int64
  /// When this version was made.
  public var updatedAt: Timestamp
  /// What it says.
  public var json: String

  /// A state of these parts.
  public init(key: StateKey, version: Int64 = 1, updatedAt: Timestamp, json: String) {
    self.key = key
    self.version = version
    self.updatedAt = updatedAt
    self.json = json
  }
}
