import CompanionDomain
import CompanionPorts

/// What filters leave of what is found.
extension TextIndexConformance {
  static let filters: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a filter leaves what is from a time that is asked for, and its neighbours from then") {
      store, _ in
      try await timesAreApart(store)
    },
    ConformanceCheck("a filter leaves documents with the metadata that is asked for") { store, _ in
      try await metadataIsCompared(store)
    },
    ConformanceCheck("a limit counts what the filter accepts") { store, _ in
      try await limitCountsTheAccepted(store)
    },
    ConformanceCheck("what has other words, another time or other metadata is filtered by those it has now") {
      store, _ in
      try await filtersFollowChanges(store)
    },
  ]

  private static let session = ChatSession(
    id: Make.id(1), place: ConversationPlace(workspace: "home", channel: "kitchen"), createdAt: Make.start)

  private static func times(_ first: Int, _ end: Int) -> Range<Timestamp> {
    Make.time(first)..<Make.time(end)
  }

  private static func document(
    _ number: Int, _ text: String = "A zebra", at time: Int, _ metadata: [String: String] = [:]
  ) -> Document {
    var document = Make.document(number, text, title: "", at: Make.time(time))
    document.metadata = metadata
    return document
  }

  static func timesAreApart(_ store: any Store) async throws {
    try await store.commit(.insertSession(session))
    // The blank one is not found, by its date neither.
    let words = ["zebra", "grass", "a zebra eats grass", "  ", "tiger", "zebra zebra", "grass"]
    for (place, words) in words.enumerated() {
      let time = Make.time(place + 1)
      var (said, begun) = (Make.fact(place, words + "."), Make.fact(place + 10, words + "!"))
      said.createdAt = time
      begun.validFrom = time
      try await store.commit(
        .append([Make.message(place + 1, words, at: time)], to: session.id, after: Make.at(place)),
        .insertFact(said), .insertFact(begun), .putDocument(document(place, words, at: place + 1)))
    }
    var memory = Make.memory(text: "They keep a zebra.")
    memory.updatedAt = Make.time(3)
    try await store.commit(.putMemory(memory, adding: []))
    for first in 0...8 {
      for end in [first, first + 1, first + 3, 99] {
        for kinds in [Set(RecallSource.Kind.allCases), [.message], [.fact, .memory]] {
          let filter = RecallFilter(kinds: kinds, times: times(first, end))
          for query in ["zebra", "grass tiger", "2026"] {
            try await expectComparison(store, query, matching: filter)
          }
        }
      }
    }
    let now = RecallFilter(kinds: [.message], times: times(2, 4))
    try await expect(
      expectComparison(store, "zebra", matching: now),
      [.message(session.id, Make.at(2)), .message(session.id, Make.at(3))],
      "what is from the time that is asked for, and a neighbour")
  }

  static func metadataIsCompared(_ store: any Store) async throws {
    let metadata: [[String: String]] = [
      ["kind": "note"], ["kind": "note", "place": "garden"], ["kind": "Note"], ["note": "kind"], [:],
      ["place": "garden"], ["kind": "caf\u{E9}"], ["kind": "cafe\u{301}"],
    ]
    try await store.commit(
      .insertSession(session), .append([Make.message(1, "zebra")], to: session.id, after: .zero),
      .insertFact(Make.fact(1, "The zebra eats grass.")), .putMemory(Make.memory(text: "zebra"), adding: []))
    for (number, metadata) in metadata.enumerated() {
      try await store.commit(.putDocument(document(number, at: number, metadata)))
    }
    for metadata in metadata + [["kind": "nothing"], ["kind": "note", "place": "kitchen"]] {
      for times in [nil, times(1, 3)] {
        try await expectComparison(
          store, "zebra", matching: RecallFilter(times: times, metadata: metadata))
        try await expectComparison(
          store, "zebra", matching: RecallFilter(kinds: [.message, .fact], times: times, metadata: metadata))
      }
    }
  }

  static func limitCountsTheAccepted(_ store: any Store) async throws {
    // All are as long, and each has the word once more than the one before.
    for number in 1...40 {
      let words = Array(repeating: "zebra", count: number) + Array(repeating: "grass", count: 42 - number)
      let metadata = number.isMultiple(of: 10) ? ["kind": "note"] : [:]
      try await store.commit(
        .putDocument(document(number, words.joined(separator: " "), at: number, metadata)))
    }
    for limit in [1, 2, 3, 4, 100] {
      try await expectBest(RecallFilter(metadata: ["kind": "note"]), limit, of: [10, 20, 30, 40])
      try await expectBest(RecallFilter(times: times(0, 4)), limit, of: [1, 2, 3])
      try await expectBest(
        RecallFilter(times: times(0, 21), metadata: ["kind": "note"]), limit, of: [10, 20])
      try await expectBest(RecallFilter(times: times(5, 5)), limit, of: [])
    }

    func expectBest(_ filter: RecallFilter, _ limit: Int, of accepted: [Int]) async throws {
      let found = try await store.textCandidates(
        for: TextQuery("zebra"), in: [Make.kitchen], matching: filter, limit: limit)
      try expect(
        found.ids.sorted(), accepted.suffix(limit).map { .document(Make.id($0)) },
        "the \(limit) that fit best, matching \(filter)")
      try expect(
        found.matches.documentStatistics,
        TermStatistics(documents: 40, totalLength: 40 * 42, documentFrequencies: [40]),
        "the statistics, which are of all that is searched")
    }
  }

  static func filtersFollowChanges(_ store: any Store) async throws {
    let (zebra, tiger) = (
      document(1, at: 1, ["kind": "note"]), document(1, "A tiger", at: 5, ["kind": "letter"])
    )
    var (moved, written) = (zebra, tiger)
    (moved.updatedAt, moved.metadata) = (Make.time(5), [:])
    written.metadata = ["kind": "note"]
    for document in [zebra, moved, tiger, written, zebra] {
      try await store.commit(.putDocument(document))
      for query in ["zebra", "tiger"] {
        for filter in [
          RecallFilter(times: times(0, 3)), RecallFilter(times: times(4, 6)),
          RecallFilter(metadata: ["kind": "note"]), RecallFilter(metadata: ["kind": "letter"]),
        ] {
          try await expectComparison(store, query, matching: filter)
        }
      }
    }
  }
}
