/// Where a conversation takes place. What may be remembered of it elsewhere follows from that.
public struct ConversationPlace: Hashable, Sendable, Codable {
  /// What all channels that belong together share; an app with one user has one.
  public var workspace: WorkspaceID
  /// The channel: what is said in one is not known in another.
  public var channel: ChannelID
  /// The thread within the channel; `nil` for the channel itself.
  public var thread: ThreadID?

  /// A place; without more than a channel, that channel of the only workspace.
  public init(workspace: WorkspaceID = .main, channel: ChannelID, thread: ThreadID? = nil) {
    self.workspace = workspace
    self.channel = channel
    self.thread = thread
  }

  /// The place of a conversation that has a channel to itself; see ``ChannelID/isPersonal``.
  public init(channelOf session: SessionID) { self.init(channel: ChannelID(personalTo: session)) }
}

/// Names a workspace.
public struct WorkspaceID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }

  /// The only workspace of an app that does not tell several apart.
  public static let main: WorkspaceID = "main"
}

/// Names a channel of a workspace.
public struct ChannelID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }

  /// The channel of a conversation that has one to itself.
  public init(personalTo session: SessionID) {
    self.init(validated: ValidatedIdentifier(of: session, marked: Self.personalMark))
  }

  /// Whether a conversation between one person and the companion has this channel to itself. Such channels begin with
  /// `~`, and a host gives no channel of several people a name that does.
  public var isPersonal: Bool { rawValue.hasPrefix(Self.personalMark) }

  private static let personalMark = "~"
}

/// Names a thread of a channel.
public struct ThreadID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

/// Names a person who talks with the companion.
public struct UserID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }

  /// The only person of an app that does not tell several apart.
  public static let user: UserID = "user"
  /// Who stands in the place of a person who is forgotten, where others go on talking. A host gives it to nobody.
  public static let forgotten: UserID = "~forgotten"
}

extension WorkspaceID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

extension ChannelID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

extension ThreadID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

extension UserID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}
