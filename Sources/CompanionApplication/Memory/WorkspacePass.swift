import CompanionDomain
import CompanionPorts

/// The memories of a workspace, of those of the channels that are shared with it.
///
/// Of the logs it takes only what was taken back: what is said reaches it by way of the channels' memories.
struct WorkspacePass {
  let work: MemoryWork
  let workspace: WorkspaceID
  /// Those of its sessions that are shared with it, and have something new.
  let sessions: [ChatSession]

  private var scope: MemoryScope { .workspace(workspace) }

  func run() async throws(MemoryPassFailure) {
    // What a channel has not taken back yet would come from it again, and stay.
    try await work.eachBatch(
      of: sessions, for: .workspace, in: scope, notBeyond: .channelLongTerm,
      withoutModel: { (batch) async throws(MemoryPassFailure) in
        try await work.withdrawal(of: batch, from: scope.kinds.map { MemoryKey(scope, $0) })
      }
    ) {
      (batch) async throws(MemoryPassFailure) in
      guard !batch.corrections.isEmpty else { return try await work.commit(work.moves(batch, .workspace)) }
      // Both kinds are corrected before it is noted that they are.
      try work.reserve(calls: scope.kinds.count)
      for kind in scope.kinds where try await !refresh(kind, batch.corrections) { return false }
      return try await work.commit(work.moves(batch, .workspace))
    }
    for kind in scope.kinds {
      var conflicts = 0
      while try await !refresh(kind, []) {
        conflicts += 1
        guard conflicts < MemoryWork.attempts else { throw .store(.conflict(.memoryMoved)) }
      }
    }
  }

  /// Brings a memory up to date with what it is made of.
  ///
  /// - Returns: `false` when somebody else was there first.
  private func refresh(
    _ kind: MemoryKind, _ corrections: [MemoryCorrection]
  ) async throws(MemoryPassFailure) -> Bool {
    let key = MemoryKey(scope, kind)
    let sources = try await sources(of: kind)
    let previous = try await work.stored { () async throws(StoreFailure) in
      try await work.store.memory(key)
    }
    var draft = Draft(previous, isCurrent: isCurrent)
    // What has expired is a source still: it goes with time, and what was deleted is among the corrections.
    var kept = Set(sources.map(\.key) + [MemoryKey(scope, .shortTerm)])
    // What is known for long may have come by way of what went on.
    if kind == .longTerm, draft.versions.keys.contains(where: { $0.kind == .shortTerm && $0.scope != scope })
    {
      kept.formUnion(try await self.sources(of: .shortTerm).map(\.key))
    }
    if draft.versions.keys.contains(where: { !kept.contains($0) }) {
      // What it was made of is gone, or not shared any more: it is made anew of what is.
      draft.text = ""
      draft.versions = [:]
    }
    let changed = sources.filter { draft.versions[$0.key] != $0.version && isCurrent($0) }
    let isReset = draft.text.isEmpty && previous.map { !$0.text.isEmpty } ?? false
    guard !changed.isEmpty || isReset || !(corrections.isEmpty || draft.text.isEmpty) else { return true }
    if changed.isEmpty, draft.text.isEmpty {
      return try await work.commit([.removeMemory(key)])
    }
    var rest = changed[...]
    repeat {
      let part = Array(rest.prefix(within(work.configuration.batchTokens, of: Array(rest))))
      rest = rest.dropFirst(part.count)
      if corrections.isEmpty { work.beginStep() }
      guard try await merge(part, corrections, into: key, &draft, all: sources) else { return false }
    } while !rest.isEmpty
    return true
  }

  /// The memory as it becomes.
  private struct Draft {
    var previous: MemoryRecord?
    var text: String
    /// What it is made of so far.
    var versions: [MemoryKey: Int64]

    init(_ previous: MemoryRecord?, isCurrent: (MemoryRecord) -> Bool) {
      self.previous = previous
      text = previous.flatMap { isCurrent($0) ? $0.text : nil } ?? ""
      versions = Dictionary(previous?.merged.map { ($0.key, $0.version) } ?? []) { max($0, $1) }
    }
  }

  /// - Returns: `false` when somebody else was there first.
  private func merge(
    _ part: [MemoryRecord], _ corrections: [MemoryCorrection], into key: MemoryKey, _ draft: inout Draft,
    all sources: [MemoryRecord]
  ) async throws(MemoryPassFailure) -> Bool {
    var material = work.material(
      key.kind == .shortTerm ? .shortTerm : .longTerm, scope, at: work.now, kind: key.kind)
    material.previous = draft.text
    material.merged = part.map { MemoryMaterial.Merged(title: title(of: $0.key), text: $0.text) }
    material.corrections = draft.text.isEmpty ? [] : corrections
    guard try await isThere(part) else { return false }
    let (text, origin) = try await work.text(material, kind: key.kind)
    for memory in part {
      draft.versions[memory.key] = memory.version
      // What the workspace's own memory is made of is in what is made of it.
      for source in memory.merged { draft.versions[source.key] = source.version }
    }
    var next = work.next(
      key, after: draft.previous, text: text, origin: origin,
      merged: draft.versions.sorted { $0.key < $1.key }.map { MergedMemory($0.key, version: $0.value) },
      newest: part.map(\.newestSource).max())
    next.sourceCount = sources.reduce(0) { $0.saturatingSum($1.sourceCount) }
    // What it is made of must still be there, or what was forgotten meanwhile would come back. What was removed and
    // made anew may have the same version.
    let now = try await work.stored { () async throws(StoreFailure) in try await work.store.memory(key) }
    guard now == draft.previous, try await isThere(part) else { return false }
    let expected = part.map { ChangeSet.Change.expectMemory($0.key, version: $0.version) }
    guard try await work.commit(expected + [.putMemory(next, adding: [])]) else { return false }
    draft.previous = next
    draft.text = next.text
    return true
  }

  /// Whether memories are what they were when they were read.
  private func isThere(_ memories: [MemoryRecord]) async throws(MemoryPassFailure) -> Bool {
    for memory in memories {
      let key = memory.key
      let now = try await work.stored { () async throws(StoreFailure) in try await work.store.memory(key) }
      guard now == memory else { return false }
    }
    return true
  }

  /// The memories of shared channels that go into it: what goes on into what goes on, and both into what stays,
  /// by way of the workspace's own short-term memory.
  private func sources(of kind: MemoryKind) async throws(MemoryPassFailure) -> [MemoryRecord] {
    var found: [MemoryRecord] = []
    var last: MemoryKey?
    while work.configuration.sharing != .none {
      let after = last
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.memories(matching: MemoryFilter(kind: kind), after: after, limit: Self.page)
      }
      found += page.filter { isShared($0.key.scope) }
      guard page.count == Self.page, let end = page.last?.key else { break }
      last = end
    }
    if kind == .longTerm {
      let key = MemoryKey(scope, .shortTerm)
      if let own = try await work.stored({ () async throws(StoreFailure) in try await work.store.memory(key) }
      ) {
        found.append(own)
      }
    }
    return found
  }

  private func isShared(_ other: MemoryScope) -> Bool {
    guard case .channel(let channel, workspace) = other else { return false }
    return work.configuration.sharing.includes(channel)
  }

  private func isCurrent(_ memory: MemoryRecord) -> Bool {
    memory.isCurrent(at: work.now, window: work.configuration.window)
  }

  private func title(of key: MemoryKey) -> String {
    guard case .channel(let channel, _) = key.scope else { return "what goes on in the workspace" }
    return key.kind == .shortTerm ? "what goes on in the channel \(channel)" : "the channel \(channel)"
  }

  /// How many of the memories, at least one, have so many tokens together at most.
  private func within(_ limit: Int, of memories: [MemoryRecord]) -> Int {
    var tokens = 0
    for (index, memory) in memories.enumerated() {
      tokens += work.counter.tokens(in: memory.text)
      if tokens > limit { return max(index, 1) }
    }
    return memories.count
  }

  private static let page = 200
}
