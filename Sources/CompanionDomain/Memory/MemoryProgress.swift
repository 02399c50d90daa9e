/// Who reads the logs to form memory. Each goes on where it stopped.
public enum MemoryPass: String, Hashable, Sendable, Codable, CaseIterable {
  /// The short-term memory of channels, from which everything above is derived.
  case channel
  /// The long-term memory of channels.
  case channelLongTerm = "channel-long-term"
  /// The short-term memory of threads.
  case thread
  /// The memories of workspaces: what was taken back in their channels. What is said reaches them by way of the
  /// channels' memories.
  case workspace
  /// The long-term memory of people.
  case user
  /// Facts.
  case facts
}

/// How far the log of a conversation has gone into memory.
public struct MemoryProgress: Hashable, Sendable, Codable {
  /// What each pass has seen of the log; nothing for what is not there.
  public var revisions: [MemoryPass: LogRevision]

  /// Nothing has been seen, unless it is given.
  public init(_ revisions: [MemoryPass: LogRevision] = [:]) { self.revisions = revisions }

  /// How far a pass has come.
  public subscript(pass: MemoryPass) -> LogRevision {
    get { revisions[pass] ?? .zero }
    set { revisions[pass] = newValue }
  }

  /// Whether any pass has not seen all of a log.
  public func isBehind(_ revision: LogRevision) -> Bool {
    MemoryPass.allCases.contains { self[$0] < revision }
  }
}
