import CompanionDomain
import CompanionPorts

/// What could not be embedded.
extension EmbeddingIndexConformance {
  static let retries: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what has failed waits behind what has not, by the times of its retries") { store, _ in
      try await retriesComeInOrder(store)
    },
    ConformanceCheck("what has failed is not given before its time") { store, _ in
      try await retriesWait(store)
    },
    ConformanceCheck("what has failed for good leaves the line") { store, _ in try await parkedLeave(store) },
    ConformanceCheck("a failure is read as it was noted last") { store, _ in
      try await failuresAreKept(store)
    },
    ConformanceCheck("failures are listed by what they are of") { store, _ in
      try await failuresAreListed(store)
    },
    ConformanceCheck("all that has failed in a space waits again when somebody asks for it") { store, _ in
      try await failedAreRetried(store)
    },
  ]

  private static func storeDocuments(_ numbers: ClosedRange<Int>, in store: any Store) async throws {
    try await store.commit(ChangeSet(numbers.map { .putDocument(Make.document($0)) }))
  }

  static func retriesComeInOrder(_ store: any Store) async throws {
    try await storeDocuments(1...5, in: store)
    try await open(store)
    try await fail(store, document(1), retryAt: Make.time(30))
    try await fail(store, document(2), attempts: 7, retryAt: Make.time(10))
    try await fail(store, document(3), retryAt: Make.time(20))
    let line = [4, 5, 2, 3, 1].map(document)
    try await expectSpace(store, waiting: line, "after three failures")
    for limit in 1...5 {
      try await expect(
        store.embeddingWork(in: small, at: Make.time(99), limit: limit).map(\.source),
        Array(line.prefix(limit)), "the first \(limit) that wait")
    }
    let attempts = try await store.embeddingWork(in: small, at: Make.time(99), limit: 9).map(\.attempts)
    try expect(attempts, [0, 0, 7, 1, 1], "how often each has failed")
    // What is new has not failed.
    try await storeDocuments(6...6, in: store)
    try await expectSpace(store, waiting: [4, 5, 6, 2, 3, 1].map(document), "after a new document")
    try await fail(store, document(2), attempts: 8, retryAt: Make.time(25))
    try await expectSpace(store, waiting: [4, 5, 6, 3, 2, 1].map(document), "after it has failed again")
    try await fail(store, document(4), retryAt: Timestamp(nanosecondsSinceEpoch: .min))
    try await fail(store, document(5), retryAt: .distantFuture)
    try await expectSpace(store, waiting: [6, 4, 3, 2, 1, 5].map(document), "after times far away")
    try await expectFresh(store, in: [wide, other], (1...6).map(document), "where nothing has failed")
  }

  static func retriesWait(_ store: any Store) async throws {
    try await storeDocuments(1...4, in: store)
    try await open(store, [small])
    for number in 1...3 {
      try await fail(store, document(number), retryAt: Make.time(40 - number * 10))
    }
    for (seconds, due) in [(9, [4]), (10, [4, 3]), (19, [4, 3]), (20, [4, 3, 2]), (30, [4, 3, 2, 1])] {
      try await expect(
        store.embeddingWork(in: small, at: Make.time(seconds), limit: 9).map(\.source), due.map(document),
        "what is due after \(seconds) s")
    }
    let almost = Make.time(10).advanced(by: .nanoseconds(-1))
    try await expect(
      store.embeddingWork(in: small, at: almost, limit: 9).map(\.source), [document(4)],
      "what is due a nanosecond before")
    try await expectNextRetry(10)
    try await embed(store, document(3))
    try await expectNextRetry(20)
    try await store.commit(.removeDocument(Make.id(2)))
    try await expectNextRetry(30)
    try await fail(store, document(1), attempts: 2)
    try await expectNextRetry(nil)
    try await expectSpace(
      store, embedded: [document(3)], waiting: [document(4)], parked: [document(1)], "in the end")

    func expectNextRetry(_ seconds: Int?) async throws {
      try await expect(
        store.embeddingCoverage(in: small)?.nextRetry, seconds.map(Make.time), "the next retry")
    }
  }

  static func parkedLeave(_ store: any Store) async throws {
    let sources = try await fill(store)
    try await open(store, [small, other])
    for count in sources.indices {
      try await fail(store, sources[count], attempts: count + 1)
      try await expectSpace(
        store, waiting: Array(sources[(count + 1)...]), parked: Array(sources[...count]),
        "after \(count + 1) failures")
    }
    // Whoever tries it all the same is told so.
    try await embed(store, sources[0])
    try await expectSpace(
      store, embedded: [sources[0]], parked: Array(sources[1...]), "after it could be embedded")
    try await fail(store, sources[1], attempts: 9, retryAt: Make.time(5))
    try await expectSpace(
      store, embedded: [sources[0]], waiting: [sources[1]], parked: Array(sources[2...]),
      "after it is to be tried again")
    try await expectFresh(store, in: [other], sources, "where nothing has failed")
  }

  static func failuresAreKept(_ store: any Store) async throws {
    try await storeDocuments(1...1, in: store)
    try await open(store, [small])
    let times: [Timestamp?] = [nil, Make.start, .distantFuture, Timestamp(nanosecondsSinceEpoch: .min)]
    for (index, text) in Make.texts.enumerated() {
      let failed = try await failure(
        document(1), in: store, attempts: index == 0 ? .max : index, retryAt: times[index % 4], reason: text)
      try await store.commit(.noteFailedEmbedding(failed, in: small))
      try await expect(
        store.failedEmbeddings(in: small, after: nil, limit: 9), [failed],
        "the failure with its reason scalar by scalar")
      let work = try await store.embeddingWork(in: small, at: .distantFuture, limit: 9)
      try expect(
        work.map(\.attempts), failed.retryAt == nil ? [] : [failed.attempts], "how often it has failed")
    }
  }

  static func failuresAreListed(_ store: any Store) async throws {
    var sources = try await fill(store)
    try await open(store, [small, other])
    var failures: [FailedEmbedding] = []
    for (index, source) in sources.enumerated() {
      let failed = try await failure(
        source, in: store, attempts: index + 1, retryAt: index % 2 == 0 ? nil : Make.time(9 - index))
      failures.append(failed)
      try await store.commit(.noteFailedEmbedding(failed, in: small))
    }
    failures.sort { $0.source < $1.source }
    sources.sort()
    try await expectPages(failures, "the failures", by: \.source) { after, limit in
      try await store.failedEmbeddings(in: small, after: after, limit: limit)
    }
    // Those behind what has not failed, or is not there.
    try await embed(store, sources[1])
    for (index, source) in sources.enumerated() {
      try await expect(
        store.failedEmbeddings(in: small, after: source, limit: 9).map(\.source),
        sources[(index + 1)...].filter { $0 != sources[1] }, "the failures behind \(source)")
    }
    try await expect(
      store.failedEmbeddings(in: small, after: document(9), limit: 9).map(\.source),
      sources.filter { $0 > document(9) && $0 != sources[1] }, "those behind what is not there")
    try await expect(store.failedEmbeddings(in: other, after: nil, limit: 9), [], "those in another space")
  }

  static func failedAreRetried(_ store: any Store) async throws {
    try await storeDocuments(1...5, in: store)
    try await open(store, [small, other])
    for space in [small, other] {
      try await fail(store, document(4), attempts: 3, in: space)
      try await fail(store, document(1), retryAt: Make.time(9), in: space)
      try await fail(store, document(3), attempts: 2, in: space)
      try await embed(store, document(5), in: space)
    }
    try await store.commit(.retryEmbeddings(in: small))
    try await expectSpace(store, embedded: [document(5)], waiting: (1...4).map(document), "after asking")
    try await expect(
      store.failedEmbeddings(in: small, after: nil, limit: 9), [], "what has failed after asking")
    try await expectSpace(
      store, other, embedded: [document(5)], waiting: [2, 1].map(document), parked: [3, 4].map(document),
      "where nobody asked")
    try await store.commit(.retryEmbeddings(in: small))
    try await expectSpace(
      store, embedded: [document(5)], waiting: (1...4).map(document), "after asking again")
  }
}
