/// What a memory is about, and who may see it.
///
/// Scopes form a tree: a workspace has channels, a channel has threads. A user stands beside them, in a
/// workspace.
public enum MemoryScope: Hashable, Sendable {
  /// What the channels of a workspace share.
  case workspace(WorkspaceID)
  /// One channel with its threads.
  case channel(ChannelID, of: WorkspaceID)
  /// One thread.
  case thread(ThreadID, of: ChannelID, in: WorkspaceID)
  /// One person, in one workspace.
  case user(UserID, in: WorkspaceID)

  /// The workspace that it belongs to.
  public var workspace: WorkspaceID {
    switch self {
    case .workspace(let workspace), .channel(_, let workspace), .thread(_, _, let workspace),
      .user(_, let workspace):
      workspace
    }
  }

  /// The kinds of memory that it has: workspaces and channels have both, a thread has no long-term and a user
  /// no short-term memory.
  public var kinds: [MemoryKind] {
    switch self {
    case .workspace, .channel: [.shortTerm, .longTerm]
    case .thread: [.shortTerm]
    case .user: [.longTerm]
    }
  }
}

extension MemoryScope: LosslessStringConvertible, Comparable {
  /// One line that names it, such as `channel main kitchen`: no identifier has a space.
  public var description: String {
    switch self {
    case .workspace(let workspace): "workspace \(workspace)"
    case .channel(let channel, let workspace): "channel \(workspace) \(channel)"
    case .thread(let thread, let channel, let workspace): "thread \(workspace) \(channel) \(thread)"
    case .user(let user, let workspace): "user \(workspace) \(user)"
    }
  }

  /// Reads what ``description`` has written; `nil` for anything else.
  public init?(_ description: String) {
    let parts = description.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1, let workspace = WorkspaceID(rawValue: parts[1]) else { return nil }
    switch (parts[0], parts.count) {
    case ("workspace", 2): self = .workspace(workspace)
    case ("channel", 3):
      guard let channel = ChannelID(rawValue: parts[2]) else { return nil }
      self = .channel(channel, of: workspace)
    case ("thread", 4):
      guard let channel = ChannelID(rawValue: parts[2]), let thread = ThreadID(rawValue: parts[3]) else {
        return nil
      }
      self = .thread(thread, of: channel, in: workspace)
    case ("user", 3):
      guard let user = UserID(rawValue: parts[2]) else { return nil }
      self = .user(user, in: workspace)
    default: return nil
    }
  }

  /// By the bytes of ``description``.
  public static func < (left: MemoryScope, right: MemoryScope) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}

extension MemoryScope: Codable {
  /// Decodes ``description``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let scope = Self(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "It is no scope of memory.")
    }
    self = scope
  }

  /// Encodes ``description``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension ChatSession {
  /// Whether the conversation has a channel to itself, as it has when no place is given: it is between its user
  /// and the companion.
  public var isPersonal: Bool { place.channel.isPersonal }

  /// The scope of its channel.
  public var channelScope: MemoryScope { .channel(place.channel, of: place.workspace) }

  /// The scope of its thread; `nil` where it is in none.
  public var threadScope: MemoryScope? {
    place.thread.map { .thread($0, of: place.channel, in: place.workspace) }
  }

  /// Where what is said in it can be found again: a personal conversation by its user, wherever they talk
  /// personally; any other in its channel alone.
  public var searchScope: MemoryScope {
    isPersonal ? .user(user, in: place.workspace) : channelScope
  }

  /// Whose memories its prompts may have: of itself and what contains it; those of its user only where nobody
  /// else listens.
  public var visibleScopes: [MemoryScope] {
    let containing = [channelScope, .workspace(place.workspace)]
    return isPersonal
      ? [.user(user, in: place.workspace)] + containing : [threadScope].compactMap(\.self) + containing
  }

  /// Who says a message of it; `nil` where no person does.
  public func speaker(of message: ChatMessage) -> UserID? {
    message.role == .user ? message.speaker ?? user : nil
  }
}
