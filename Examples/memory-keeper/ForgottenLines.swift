import CompanionKit

/// Which lines of a conversation were forgotten with all of it.
///
/// The note of them lies in the store as a document that nobody finds. It is there before anything is forgotten:
/// wherever the program is stopped, either nothing is forgotten, or what is does not come back.
struct ForgottenLines {
  /// The last of them; all before it are forgotten, too.
  var last: SequenceNumber
  /// The latest time at which one of them was said.
  var latest: Timestamp

  init(last: SequenceNumber, latest: Timestamp) {
    self.last = last
    self.latest = latest
  }

  /// What is noted of a conversation; `nil` where nothing is.
  init?(of session: SessionID, in store: some DocumentStore) async throws(StoreFailure) {
    guard let id = DocumentID(rawValue: session.rawValue), let note = try await store.document(id),
      let last = note.metadata[Self.last].flatMap({ Int64($0) }),
      let latest = note.metadata[Self.latest].flatMap({ Int64($0) })
    else { return nil }
    self.init(
      last: SequenceNumber(rawValue: last), latest: Timestamp(nanosecondsSinceEpoch: latest))
  }

  /// What stores the note; `nil` where there is nothing to note.
  func note(of session: SessionID) -> ChangeSet.Change? {
    guard last > .zero, let id = DocumentID(rawValue: session.rawValue) else { return nil }
    let metadata = [
      Self.last: "\(last.rawValue)", Self.latest: "\(latest.nanosecondsSinceEpoch)",
    ]
    return .putDocument(Document(note: id, metadata: metadata, at: latest))
  }

  /// Together with those that were forgotten before.
  func joined(with other: ForgottenLines?) -> ForgottenLines {
    guard let other else { return self }
    return ForgottenLines(last: max(last, other.last), latest: max(latest, other.latest))
  }

  func includes(_ line: LoggedLine) -> Bool { line.sequence <= last }

  private static let last = "last"
  private static let latest = "latest"
}

extension Document {
  /// A note of the program's own: of no workspace that is fed, and found by no query.
  init(note: DocumentID, metadata: [String: String], at time: Timestamp) {
    self.init(
      id: note, scope: .workspace("~memory-keeper"), text: "", status: .archived, metadata: metadata,
      createdAt: time)
  }
}
