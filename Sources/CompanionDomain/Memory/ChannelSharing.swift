/// Which channels may be remembered beyond themselves: in the memory of their workspace, and in that of the people
/// who speak in them.
///
/// A personal conversation is always remembered for its user, wherever they talk personally, and never for the
/// workspace.
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

  /// Whether what people say in a conversation may be remembered about them.
  public func sharesWithSpeakers(_ session: ChatSession) -> Bool {
    session.isPersonal || includes(session.place.channel)
  }
}
