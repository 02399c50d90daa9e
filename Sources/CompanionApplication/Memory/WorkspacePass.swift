import CompanionDomain
import CompanionPorts

/// The memories of a workspace, of those of the channels that are shared with it.
struct WorkspacePass {
  let work: MemoryWork
  let workspace: WorkspaceID

  private var scope: MemoryScope { .workspace(workspace) }

  func run() async throws(MemoryPassFailure) {
    for kind in scope.kinds {
      var conflicts = 0
      while try await !refresh(kind) {
        conflicts += 1
        guard conflicts < MemoryWork.attempts else { throw .store(.conflict(.memoryMoved)) }
      }
    }
  }

  /// - Returns: `false` when somebody else was there first.
  private func refresh(_ kind: MemoryKind) async throws(MemoryPassFailure) -> Bool {
    let key = MemoryKey(scope, kind)
    let sources = try await sources(of: kind)
    var previous = try await work.stored { () async throws(StoreFailure) in
      try await work.store.memory(key)
    }
    let known = Set(sources.map(\.key))
    var merged = previous?.merged ?? []
    var text = previous.flatMap { $0.isCurrent(at: work.now, window: work.configuration.window) ? $0.text : nil } ?? ""
    if merged.contains(where: { !known.contains($0.key) }) {
      // What it was made of is not shared any more: it is made anew of what is.
      text = ""
      merged = []
    }
    let seen = Dictionary(merged.map { ($0.key, $0.version) }) { max($0, $1) }
    var changed = sources.filter {
      seen[$0.key] != $0.version && $0.isCurrent(at: work.now, window: work.configuration.window)
    }
    guard !changed.isEmpty else { return true }
    while !changed.isEmpty {
      let part = Array(changed.prefix(within(work.configuration.batchTokens, of: changed)))
      changed.removeFirst(part.count)
      guard let next = try await merge(part, into: key, after: previous, text: text, all: sources) else {
        return false
      }
      previous = next
      text = next.text
    }
    return true
  }

  /// - Returns: the memory as it is stored; `nil` when somebody else was there first.
  private func merge(
    _ part: [MemoryRecord], into key: MemoryKey, after previous: MemoryRecord?, text: String,
    all sources: [MemoryRecord]
  ) async throws(MemoryPassFailure) -> MemoryRecord? {
    var material = work.material(
      key.kind == .shortTerm ? .shortTerm : .longTerm, scope, at: work.now, kind: key.kind)
    material.previous = text
    material.merged = part.map { MemoryMaterial.Merged(title: title(of: $0.key), text: $0.text) }
    let known = Set(sources.map(\.key))
    let versions = Dictionary(
      (previous?.merged.filter { known.contains($0.key) } ?? []).map { ($0.key, $0.version) }
        + part.map { ($0.key, $0.version) }
    ) { $1 }
    let merged = versions.sorted { $0.key < $1.key }.map { MergedMemory($0.key, version: $0.value) }
    let (text, origin) = try await work.text(material, kind: key.kind)
    var next = work.next(
      key, after: previous, text: text, origin: origin, merged: merged,
      newest: part.map(\.newestSource).max())
    next.sourceCount = sources.reduce(0) { $0.saturatingSum($1.sourceCount) }
    // What it is made of must still be there, or what was forgotten meanwhile would come back. What was removed and
    // made anew may have the same version.
    for (key, made) in [(key, previous)] + part.map({ ($0.key, $0) }) {
      let now = try await work.stored { () async throws(StoreFailure) in try await work.store.memory(key) }
      guard now == made else { return nil }
    }
    let expected = part.map { ChangeSet.Change.expectMemory($0.key, version: $0.version) }
    return try await work.commit(expected + [.putMemory(next, adding: [])]) ? next : nil
  }

  /// The memories of shared channels that go into it: what goes on into what goes on, and both into what stays,
  /// by way of the workspace's own short-term memory.
  private func sources(of kind: MemoryKind) async throws(MemoryPassFailure) -> [MemoryRecord] {
    var found: [MemoryRecord] = []
    var last: MemoryKey?
    while true {
      let after = last
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.memories(matching: MemoryFilter(kind: kind), after: after, limit: Self.page)
      }
      for memory in page where try await isShared(memory.key.scope) { found.append(memory) }
      guard page.count == Self.page, let end = page.last?.key else { break }
      last = end
    }
    if kind == .longTerm {
      let key = MemoryKey(scope, .shortTerm)
      if let own = try await work.stored({ () async throws(StoreFailure) in try await work.store.memory(key) }) {
        found.append(own)
      }
    }
    return found
  }

  private func isShared(_ other: MemoryScope) async throws(MemoryPassFailure) -> Bool {
    guard case .channel(let channel, workspace) = other,
      work.configuration.sharing.includes(channel)
    else { return false }
    // A personal conversation has a channel of its own name.
    guard let own = SessionID(rawValue: channel.rawValue) else { return true }
    let session = try await work.stored { () async throws(StoreFailure) in try await work.store.session(own) }
    return session?.isPersonal != true
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
