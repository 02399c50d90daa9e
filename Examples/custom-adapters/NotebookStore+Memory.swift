import CompanionKit

extension NotebookStore {
  func memory(_ key: MemoryKey) -> MemoryRecord? { notes.memories[key]?.memory }

  func previousMemory(_ key: MemoryKey) -> MemoryRecord? { notes.memories[key]?.previous }

  func memories(matching filter: MemoryFilter, after: MemoryKey?, limit: Int) -> [MemoryRecord] {
    let matching = notes.memories.values.filter { filter.includes($0.memory, from: Set($0.sources.keys)) }
    return page(of: matching.map(\.memory), by: \.key, after: after, limit: limit)
  }

  func memorySources(of key: MemoryKey, after: SessionID?, limit: Int) -> [SourceSpan] {
    let sources = notes.memories[key]?.sources.values.map(\.self) ?? []
    return page(of: sources, by: \.session, after: after, limit: limit)
  }

  func fact(_ id: FactID) -> Fact? { notes.facts[id] }

  func facts(matching filter: FactFilter, after: FactID?, limit: Int) -> [Fact] {
    page(of: notes.facts.values.filter(filter.includes), by: \.id, after: after, limit: limit)
  }

  func memoryProgress(of session: SessionID) -> MemoryProgress {
    notes.progress[session] ?? MemoryProgress()
  }

  func sessionsToRemember(after: SessionID?, limit: Int) -> [ChatSession] {
    let behind = notes.sessions.values.filter { memoryProgress(of: $0.id).isBehind($0.revision) }
    return page(of: behind, by: \.id, after: after, limit: limit)
  }

  /// There are no files.
  func eraseRemoved() {}

  func document(_ id: DocumentID) -> Document? { notes.documents[id]?.document }

  func documents(changedAfter after: DocumentCursor, limit: Int) -> [StoredDocument] {
    page(of: notes.documents.values.map(\.self), by: \.cursor, after: after, limit: limit)
  }

  func documents(ownedBy owner: UserID, after: DocumentID?, limit: Int) -> [Document] {
    let owned = notes.documents.values.map(\.document).filter { $0.owner == owner }
    return page(of: owned, by: \.id, after: after, limit: limit)
  }

  func state(_ key: StateKey) -> StateRecord? { notes.states[key] }

  func states(of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int) -> [StateRecord] {
    let states = notes.states.values.filter { $0.key.owner == owner && $0.key.kind == kind }
    return page(of: states, by: \.key.name, after: after, limit: limit)
  }

  /// The first elements behind one, in the order of their keys.
  func page<Element, Key: Comparable>(
    of elements: [Element], by key: (Element) -> Key, after: Key?, limit: Int
  ) -> [Element] {
    let behind = after.map { after in elements.filter { key($0) > after } } ?? elements
    return Array(behind.sorted { key($0) < key($1) }.prefix(max(0, limit)))
  }
}
