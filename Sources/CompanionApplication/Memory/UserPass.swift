import CompanionDomain
import CompanionPorts

/// The long-term memory of the people who speak in a conversation, of what they say themselves.
struct UserPass {
  let work: MemoryWork
  let session: ChatSession

  func run() async throws(MemoryPassFailure) {
    try await work.eachBatch(
      of: [session], for: .user, in: session.channelScope,
      withoutModel: { (batch) async throws(MemoryPassFailure) in
        try await work.withdrawal(of: batch, from: speakers(of: batch).map(key))
      }
    ) {
      (batch) async throws(MemoryPassFailure) in
      try await remember(batch)
    }
  }

  /// - Returns: `false` when somebody else was there first.
  private func remember(_ batch: MemoryBatch) async throws(MemoryPassFailure) -> Bool {
    let moves = work.moves(batch, .user)
    guard !batch.isEmpty else { return try await work.commit(moves) }
    var changes: [ChangeSet.Change] = []
    let speakers = speakers(of: batch)
    try work.reserve(calls: speakers.count)
    for (place, user) in speakers.enumerated() {
      if place > 0, try await !work.isUnread(batch, .user) { return false }
      guard let next = try await memory(of: user, in: batch) else { continue }
      changes.append(
        .putMemory(next, adding: MemoryBatch.spans(of: batch.lines.filter { $0.speaker == user })))
    }
    // All of them together: nobody's part of the batch is read twice.
    return try await work.commit(changes + moves)
  }

  private func speakers(of batch: MemoryBatch) -> [UserID] {
    let speakers = Set(batch.lines.compactMap(\.speaker) + batch.corrections.compactMap(\.line.speaker))
    // Whoever speaks without a name where a person was forgotten is nobody in particular.
    return speakers.subtracting([.forgotten]).sorted()
  }

  private func key(of user: UserID) -> MemoryKey {
    MemoryKey(.user(user, in: session.place.workspace), .longTerm)
  }

  /// What is remembered of a person now; `nil` for nothing new.
  private func memory(
    of user: UserID, in batch: MemoryBatch
  ) async throws(MemoryPassFailure) -> MemoryRecord? {
    let key = key(of: user)
    let previous = try await work.stored { () async throws(StoreFailure) in try await work.store.memory(key) }
    let own = batch.lines.filter { $0.speaker == user }
    var material = work.material(.longTerm, key.scope, at: work.now)
    material.previous = previous?.text ?? ""
    // Where several people talk, what the companion answers belongs to no one of them; and a guest who is alone in
    // a batch is not in the conversation.
    let isAlone =
      session.isPersonal && user == session.user
      && !batch.lines.contains { $0.speaker != nil && $0.speaker != user }
    material.lines = own.isEmpty ? [] : isAlone ? batch.lines : own
    material.corrections =
      material.previous.isEmpty ? [] : batch.corrections.filter { $0.line.speaker == user }
    guard !(material.lines.isEmpty && material.corrections.isEmpty) else { return nil }
    let (text, origin) = try await work.text(material, kind: .longTerm)
    return work.next(
      key, after: previous, text: text, origin: origin, spans: MemoryBatch.spans(of: own),
      newest: own.map(\.time).max())
  }
}
