import CompanionKit

/// The conversation of a channel, or of a thread.
enum LoggedSession {
  /// Its name in the store; `nil` for one that would be too long.
  ///
  /// It is longer than the channel's name, and so never the same: a conversation of the name of its channel is
  /// personal, between one person and the companion. No two places have the same.
  static func id(of place: ConversationPlace) -> SessionID? {
    let parts = [place.workspace.rawValue, place.channel.rawValue, place.thread?.rawValue ?? ""]
    return SessionID(rawValue: parts.map(escaped).joined(separator: "/"))
  }

  /// The most bytes that the names of a place have together: two of the 128 are between them.
  static let nameBytes = 126

  /// A name, so that it can be told apart from others behind a `/`.
  static func escaped(_ name: String) -> String {
    name.replacing("%", with: "%25").replacing("/", with: "%2F")
  }
}

extension UserID {
  /// Whether no speaker may have it, so that it can stand for nobody.
  var isReserved: Bool { rawValue.hasPrefix("~") }
}

extension ConversationPlace {
  /// The channel, and the thread behind it, for a person: `kitchen`, or `kitchen/party`.
  var name: String { thread.map { "\(channel)/\($0)" } ?? channel.rawValue }

  /// What is remembered of it by itself.
  var scope: MemoryScope {
    thread.map { .thread($0, of: channel, in: workspace) } ?? .channel(channel, of: workspace)
  }
}

extension MemoryScope {
  /// What it is about, for a person who looks at one workspace: `channel kitchen`.
  var name: String {
    switch self {
    case .workspace(let workspace): "workspace \(workspace)"
    case .channel(let channel, _): "channel \(channel)"
    case .thread(let thread, let channel, _): "thread \(channel)/\(thread)"
    case .user(let user, _): "user \(user)"
    }
  }
}

extension ConversationStore {
  /// All sessions that a filter lets through, by their names.
  func allSessions(matching filter: SessionFilter) async throws(StoreFailure) -> [ChatSession] {
    var found: [ChatSession] = []
    while true {
      let page = try await sessions(matching: filter, after: found.last?.id, limit: 200)
      found += page
      guard page.count == 200 else { return found }
    }
  }
}
