import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import Synchronization

extension EmbeddingWitness {
  /// Compares what the store says with what it was told: now and then all of it, always what it comes to.
  func check(_ content: InMemoryStore) async {
    let (open, isTime) = state.withLock { state in
      state.commits += 1
      return (state.open, state.commits.isMultiple(of: Self.commitsPerCheck))
    }
    let stored = (try? await content.embeddingSpaces()) ?? []
    if stored != open { report(.vectorsAreRight, "the open spaces are \(stored), not \(open)") }
    for space in open {
      let coverage = try? await content.embeddingCoverage(in: space)
      state.withLock { state in
        let expected = self.coverage(of: space, in: state)
        guard coverage != expected else { return }
        report(
          .vectorsAreRight, "the coverage of \(space) is \(String(describing: coverage)), not \(expected)")
      }
    }
    if isTime { await checkAll(of: content) }
  }

  private static let commitsPerCheck = 16

  private func coverage(of space: EmbeddingSpace, in state: State) -> EmbeddingCoverage {
    let total = state.known.values.count { $0.text != nil }
    let stored = state.spaces[space]
    let failures = stored?.failures ?? [:]
    let parked = failures.values.count { $0.retryAt == nil }
    let embedded = stored?.embedded.count ?? 0
    return EmbeddingCoverage(
      embedded: embedded, waiting: total - embedded - parked, parked: parked,
      nextRetry: failures.values.compactMap(\.retryAt).min())
  }

  /// Compares all that the store says with what it was told.
  func checkAll(of content: InMemoryStore) async {
    for space in openSpaces {
      let work = (try? await content.embeddingWork(in: space, at: .distantFuture, limit: 100_000)) ?? []
      let failed = (try? await content.failedEmbeddings(in: space, after: nil, limit: 100_000)) ?? []
      let near = (try? await near(in: space, content)) ?? []
      state.withLock { state in
        guard let stored = state.spaces[space] else { return }
        let embedded = Set(stored.embedded.keys)
        let all = Set(state.known.filter { $0.value.text != nil }.keys)
        let gone = Set(near + work.compactMap { EmbeddingText($0.record)?.source } + failed.map(\.source))
          .subtracting(all)
        for source in gone.sorted() {
          report(.goneIsNotEmbedded, "\(source) is gone, and \(space) knows of it")
        }
        let parked = stored.failures.filter { $0.value.retryAt == nil }.keys
        let waiting = all.subtracting(embedded).subtracting(parked)
        if Set(near) != embedded || Set(work.compactMap { EmbeddingText($0.record)?.source }) != waiting
          || failed != stored.failures.values.sorted(by: { $0.source < $1.source })
        {
          report(.vectorsAreRight, "what \(space) has is not what was stored")
        }
      }
    }
  }

  /// What has vectors in a space.
  private func near(in space: EmbeddingSpace, _ content: InMemoryStore) async throws -> [RecallSource] {
    let scopes = Set(EmbeddingScenario.places + scenario.talks.map(\.searchScope))
    return try await content.nearest(
      to: Array(repeating: 1, count: space.dimension), in: space, scopes: scopes, matching: .all, by: .cosine,
      limit: 100_000
    ).map(\.source)
  }

  /// What waits in a space that should not when nothing goes wrong any more.
  func waiting(in space: EmbeddingSpace) -> [RecallSource] {
    state.withLock { state in
      let stored = state.spaces[space]
      return state.known.filter { $0.value.text != nil }.keys.filter { source in
        guard stored?.embedded[source] == nil else { return false }
        guard let failed = stored?.failures[source] else { return true }
        return failed.retryAt != nil
      }.sorted()
    }
  }
}
