import CompanionKit

/// Which channels are shared, as the store keeps it for a workspace: what is private stays so, whatever the next
/// command line says nothing of.
struct KeptSharing {
  let store: SQLiteStore
  let workspace: WorkspaceID

  /// What counts from now on.
  ///
  /// - Parameter option: what is asked for, which is kept; `nil` for what was asked for last.
  func settle(_ option: ChannelSharing?, at time: Timestamp) async throws(StoreFailure) -> ChannelSharing {
    // A workspace whose name is too long for this can have no conversations.
    guard let id = DocumentID(rawValue: "\(LoggedSession.escaped(workspace.rawValue))/") else {
      return option ?? .all
    }
    let note = try await store.document(id)
    guard let option else { return note.map { ChannelSharing($0.metadata) } ?? .all }
    let metadata = option.metadata
    if note?.metadata != metadata {
      try await store.commit(.putDocument(Document(note: id, metadata: metadata, at: time)))
    }
    return option
  }
}

extension ChannelSharing {
  /// As it is kept; nothing is shared where that cannot be read.
  fileprivate init(_ metadata: [String: String]) {
    let names = metadata["channels"]?.split(separator: " ") ?? []
    let channels = Set(names.compactMap { ChannelID(rawValue: String($0)) })
    self =
      switch metadata["share"] {
      case "all": .all
      case "only": .only(channels)
      case "except": .allExcept(channels)
      default: .none
      }
  }

  fileprivate var metadata: [String: String] {
    switch self {
    case .none: ["share": "none"]
    case .all: ["share": "all"]
    case .only(let channels): ["share": "only", "channels": Self.list(channels)]
    case .allExcept(let channels): ["share": "except", "channels": Self.list(channels)]
    }
  }

  private static func list(_ channels: Set<ChannelID>) -> String {
    channels.sorted().map(\.rawValue).joined(separator: " ")
  }
}
