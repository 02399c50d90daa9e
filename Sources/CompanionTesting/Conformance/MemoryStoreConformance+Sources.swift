import CompanionDomain
import CompanionPorts

extension MemoryStoreConformance {
  static let sources: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("the sources of a memory add up, one span for each conversation") { store, _ in
      try await sourcesAddUp(store)
    },
    ConformanceCheck("the sources of a memory are read page by page") { store, _ in
      try await sourcesAreListed(store)
    },
  ]

  static func sourcesAddUp(_ store: any ConversationStore & MemoryStore) async throws {
    let key = Make.memory().key
    try await expect(store.allSources(of: key), [], "the sources of no memory")
    try await store.commit(
      .putMemory(Make.memory(), adding: [Make.span(2, 5...9, count: 3), Make.span(1, 1...4)]))
    try await expect(
      store.allSources(of: key), [Make.span(1, 1...4), Make.span(2, 5...9, count: 3)], "the sources")
    // A later version has those of the earlier ones, wherever the new ones lie.
    try await store.commit(
      .putMemory(Make.memory(version: 2), adding: [Make.span(3, 7...7), Make.span(1, 8...9, count: 1)]))
    try await store.commit(.putMemory(Make.memory(version: 3), adding: []))
    try await store.commit(.putMemory(Make.memory(version: 4), adding: [Make.span(2, 2...3)]))
    let sources = [
      Make.span(1, 1...9, count: 5), Make.span(2, 2...9, count: 5), Make.span(3, 7...7, count: 1),
    ]
    try await expect(store.allSources(of: key), sources, "the sources after more versions")
    try await expect(store.memory(key)?.sourceCount, 1, "the number of sources, which is the memory's own")
    try await expect(
      store.allSources(of: MemoryKey(Make.kitchen, .longTerm)), [], "those of the other kind")
    // A count ends at the highest number.
    try await store.commit(
      .putMemory(Make.memory(version: 5), adding: [Make.span(3, 8...9, count: .max)]))
    try await expect(store.allSources(of: key).last?.count, .max, "the highest number of messages")
  }

  static func sourcesAreListed(_ store: any ConversationStore & MemoryStore) async throws {
    let all = (1...7).map { Make.span($0, 1...($0 + 1)) }
    try await store.commit(
      .putMemory(Make.memory(), adding: all.reversed()),
      .putMemory(Make.memory(Make.kitchen, .longTerm), adding: [Make.span(9, 1...1)]))
    try await expectPages(all, "the sources", by: \.session) { after, limit in
      try await store.memorySources(of: Make.memory().key, after: after, limit: limit)
    }
  }
}
