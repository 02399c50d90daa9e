/// What a tool may do to the world, at most.
///
/// A host's policy decides by it whether a person is asked before a call.
@nonexhaustive
public enum ToolEffect: String, Hashable, Sendable, Codable, CaseIterable {
  /// It reads, and changes nothing.
  case readsOnly
  /// It writes, changes or removes files.
  case changesFiles
  /// It runs programs, which may do anything that the host's process may.
  case runsPrograms
  /// It changes something elsewhere: it sends, buys, books.
  case actsElsewhere

  /// Whether a person has to agree before a call, unless the host's policy says otherwise.
  public var needsApproval: Bool { self != .readsOnly }
}
