/// What a memory is good for.
public enum MemoryKind: String, Hashable, Comparable, Sendable, Codable, CaseIterable {
  /// What goes on now: topics in progress, open questions, current interests.
  case shortTerm = "short-term"
  /// What stays: decisions, tendencies, recurring themes, a timeline.
  case longTerm = "long-term"

  /// Short-term memory comes first.
  public static func < (left: MemoryKind, right: MemoryKind) -> Bool {
    left == .shortTerm && right == .longTerm
  }
}

/// Names the one memory of a kind that a scope has.
public struct MemoryKey: Hashable, Comparable, Sendable, Codable {
  /// What it is about.
  public var scope: MemoryScope
  /// What it is good for.
  public var kind: MemoryKind

  /// The memory of a kind in a scope.
  public init(_ scope: MemoryScope, _ kind: MemoryKind) {
    self.scope = scope
    self.kind = kind
  }

  /// By scope, then by kind.
  public static func < (left: MemoryKey, right: MemoryKey) -> Bool {
    left.scope == right.scope ? left.kind < right.kind : left.scope < right.scope
  }
}

/// A memory: a text that a model has derived from what was said, and what it was derived from.
public struct MemoryRecord: Hashable, Sendable, Codable {
  /// Which memory it is.
  public var key: MemoryKey
  /// Its number, from 1, without a gap: a new version is stored only behind the one that it was made from.
  public var version: Int64
  /// What is remembered; empty when it has expired.
  public var text: String
  /// The messages that it was derived from, directly; see `MemoryStore/memorySources(of:after:limit:)`.
  public var sourceCount: Int
  /// The memories that it was derived from, and their versions then.
  public var merged: [MergedMemory]
  /// The time of the newest message that it knows of.
  public var newestSource: Timestamp
  /// When its first version was made.
  public var createdAt: Timestamp
  /// When this version was made.
  public var updatedAt: Timestamp
  /// What made it.
  public var origin: MemoryOrigin

  /// A memory of these parts.
  public init(
    key: MemoryKey, version: Int64 = 1, text: String, sourceCount: Int, merged: [MergedMemory] = [],
    newestSource: Timestamp, createdAt: Timestamp, updatedAt: Timestamp, origin: MemoryOrigin
  ) {
    self.key = key
    self.version = version
    self.text = text
    self.sourceCount = sourceCount
    self.merged = merged
    self.newestSource = newestSource
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.origin = origin
  }

  /// Whether it may still be told of: short-term memory only until nothing has been said for a while.
  public func isCurrent(at time: Timestamp, window: Duration) -> Bool {
    !text.isEmpty && (key.kind == .longTerm || newestSource.advanced(by: window) > time)
  }
}

/// A version of a memory that went into another one.
public struct MergedMemory: Hashable, Sendable, Codable {
  /// Which memory.
  public var key: MemoryKey
  /// Its version then.
  public var version: Int64

  /// A version of a memory.
  public init(_ key: MemoryKey, version: Int64) {
    self.key = key
    self.version = version
  }
}

/// What made a memory.
public struct MemoryOrigin: Hashable, Sendable, Codable {
  /// The model.
  public var model: ModelIdentity
  /// A fingerprint of the instructions: another one means that they were others.
  public var instructions: String

  /// What made a memory.
  public init(model: ModelIdentity, instructions: String) {
    self.model = model
    self.instructions = instructions
  }
}

/// Messages of one conversation that something was derived from.
public struct SourceSpan: Hashable, Sendable, Codable {
  /// The conversation.
  public var session: SessionID
  /// The first of them.
  public var first: SequenceNumber
  /// The last of them.
  public var last: SequenceNumber
  /// How many of those between them were taken, both included.
  public var count: Int

  /// Messages of a conversation.
  public init(session: SessionID, first: SequenceNumber, last: SequenceNumber, count: Int) {
    self.session = session
    self.first = first
    self.last = last
    self.count = count
  }

  /// Both together. They are of the same conversation, and have no message in common.
  public func merging(_ other: SourceSpan) -> SourceSpan {
    SourceSpan(
      session: session, first: min(first, other.first), last: max(last, other.last),
      count: count.saturatingSum(other.count))
  }
}
