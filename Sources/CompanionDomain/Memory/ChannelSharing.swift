/// Which channels may be remembered beyond themselves: in the memory of their workspace, and in that of the people
/// who speak in them.
///
/// A personal conversation is always remembered for its user, wherever they talk personally, and never for the
/// workspace.
///
/// What is shared no more is out of the workspace's memory at once. A person's memory keeps what it has of a channel
/// that was shared; forgetting that person's scope, or the channel, lets it be formed anew without.
@nonexhaustive
public enum ChannelSharing: Hashable, Sendable {
  /// None: what is said in a channel stays there.
  case none
  /// All of them.
  case all
  /// These alone.
  case only(Set<ChannelID>)
  /// All but these.
  case allExcept(Set<ChannelID>)

  /// Whether a channel is shared with its workspace. A personal conversation's channel never is.
  public func includes(_ channel: ChannelID) -> Bool {
    guard !channel.isPersonal else { return false }
    return switch self {
    case .none: false
    case .all: true
    case .only(let channels): channels.contains(channel)
    case .allExcept(let channels): !channels.contains(channel)
    }
  }

  /// Whether the workspace may know what is said in a conversation.
  public func sharesWithWorkspace(_ session: ChatSession) -> Bool {
    includes(session.place.channel)
  }

  /// Whether a memory may be told of: not that of a workspace that is made of what is not shared any more, until
  /// it is made anew.
  package func allows(_ memory: MemoryRecord) -> Bool {
    guard case .workspace = memory.key.scope else { return true }
    return memory.merged.allSatisfy { merged in
      guard case .channel(let channel, _) = merged.key.scope else {
        return merged.key.scope == memory.key.scope
      }
      return includes(channel)
    }
  }

  /// Whether what people say in a conversation may be remembered about them.
  public func sharesWithSpeakers(_ session: ChatSession) -> Bool {
    session.isPersonal || includes(session.place.channel)
  }
}
