import CompanionDomain
import CompanionPorts

/// The memories of an ``InMemoryStore``.
///
/// Each change checks its precondition, applies, and returns what undoes it, at the cost of what is new.
struct StoredMemories: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    /// Back to a version and the one before it, and to the spans that it has merged.
    indirect case restoreVersion(
      MemoryKey, MemoryRecord?, previous: MemoryRecord?, [(SessionID, SourceSpan?)])
    indirect case restoreEntry(Entry)
  }

  struct Entry: Sendable {
    var memory: MemoryRecord
    var previous: MemoryRecord?
    var spans: [SessionID: SourceSpan] = [:]
    var sessions = OrderedIndex<SessionID>()
  }

  private var entries: [MemoryKey: Entry] = [:]
  private var keys = OrderedIndex<MemoryKey>()

  func memory(_ key: MemoryKey) -> MemoryRecord? { entries[key]?.memory }

  func previous(_ key: MemoryKey) -> MemoryRecord? { entries[key]?.previous }

  func memories(matching filter: MemoryFilter, after: MemoryKey?, limit: Int) -> [MemoryRecord] {
    let keys: [MemoryKey]
    if let scopes = filter.scopes {
      let all = scopes.flatMap { scope in MemoryKind.allCases.map { MemoryKey(scope, $0) } }.sorted()
      keys = after.map { after in all.filter { $0 > after } } ?? all
    } else {
      keys = Array(self.keys.elements(after: after))
    }
    return keys.lazy.compactMap { entries[$0] }
      .filter { filter.includes($0.memory, from: Set($0.spans.keys)) }
      .prefix(max(0, limit)).map(\.memory)
  }

  func sources(of key: MemoryKey, after: SessionID?, limit: Int) -> [SourceSpan] {
    guard let entry = entries[key] else { return [] }
    return entry.sessions.elements(after: after).prefix(max(0, limit)).compactMap { entry.spans[$0] }
  }

  mutating func put(_ memory: MemoryRecord, adding spans: [SourceSpan]) throws(StoreFailure) -> Undo {
    let key = memory.key
    let (old, previous) = (entries[key]?.memory, entries[key]?.previous)
    guard memory.version - 1 == old?.version ?? 0 else { throw .conflict(.memoryMoved) }
    if old == nil {
      entries[key] = Entry(memory: memory)
      keys.insert(key, by: <)
    } else {
      entries[key]?.memory = memory
      entries[key]?.previous = old
    }
    var replaced: [(SessionID, SourceSpan?)] = []
    for span in spans {
      let known = entries[key]?.spans[span.session]
      replaced.append((span.session, known))
      entries[key]?.spans[span.session] = known?.merging(span) ?? span
      entries[key]?.sessions.insert(span.session, by: <)
    }
    return .restoreVersion(key, old, previous: previous, replaced)
  }

  /// Removes a memory.
  ///
  /// - Returns: `nil` where there is none.
  mutating func remove(_ key: MemoryKey) -> Undo? {
    guard let entry = entries.removeValue(forKey: key) else { return nil }
    keys.remove(key, by: <)
    return .restoreEntry(entry)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .restoreVersion(let key, nil, _, _):
      entries[key] = nil
      keys.remove(key, by: <)
    case .restoreVersion(let key, let memory?, let previous, let replaced):
      entries[key]?.memory = memory
      entries[key]?.previous = previous
      for (session, span) in replaced {
        entries[key]?.spans[session] = span
        if span == nil { entries[key]?.sessions.remove(session, by: <) }
      }
    case .restoreEntry(let entry):
      entries[entry.memory.key] = entry
      keys.insert(entry.memory.key, by: <)
    }
  }
}
