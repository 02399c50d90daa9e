import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import Foundation
import Testing

@Suite struct `The text index of a SQLite store` {
  @Test(arguments: 1...2)
  func `finds what the index in memory finds, however much was merged, edited and erased`(
    seed: UInt64
  ) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      let reference = InMemoryStore(time: StoppedClock())
      var log = LongLog(seed: seed)
      for step in 1...90 {
        let change = log.nextChange()
        try await store.commit(change)
        try await reference.commit(change)
        guard step.isMultiple(of: 15) else { continue }
        try await expectSame(store, reference, log.query())
      }
      await store.close()
      let again = try await open(path)
      for _ in 1...5 { try await expectSame(again, reference, log.query()) }
      try await again.checkIntegrity()
    }
  }

  @Test func `is made anew when the rules of analysis are others`() async throws {
    try await withDatabase { path in
      var store = try await open(path)
      let reference = InMemoryStore(time: StoppedClock())
      var log = LongLog(seed: 9)
      for _ in 1...60 {
        let change = log.nextChange()
        try await store.commit(change)
        try await reference.commit(change)
      }
      await store.close()
      try RawDatabase(path).run("UPDATE text_analysis SET version = 0; DELETE FROM text_postings")
      store = try await open(path)
      for _ in 1...5 { try await expectSame(store, reference, log.query()) }
      try await store.commit(.eraseSession(LongLog.session(0).id))
      try await reference.commit(.eraseSession(LongLog.session(0).id))
      try await expectSame(store, reference, log.query())
    }
  }

  @Test func `is the same for several processes`() async throws {
    try await withDatabase { path in
      let first = try await open(path)
      let second = try await open(path)
      try await first.commit(.insertSession(chat))
      for place in 1...300 {
        try await (place.isMultiple(of: 2) ? first : second).commit(append(place, "word \(place % 7) tea"))
      }
      let reference = InMemoryStore(time: StoppedClock())
      try await reference.commit(
        .insertSession(chat),
        .append((1...300).map { message($0, "word \($0 % 7) tea") }, to: chat.id, after: .zero))
      for store in [first, second] { try await expectSame(store, reference, TextQuery("tea 3")) }
    }
  }

  @Test func `is empty when everything is gone`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      for start in stride(from: 0, to: 450, by: 90) {
        let messages = (1...90).map { message(start + $0, "some tea, number \($0), 紅葉を見た") }
        try await store.commit(
          .append(messages, to: chat.id, after: SequenceNumber(rawValue: Int64(start))))
      }
      try await store.commit(.eraseSession(chat.id))
      let file = RawDatabase(path)
      for table in [
        "text_partitions", "text_free_numbers", "text_documents", "text_tail", "text_terms", "text_postings",
      ] {
        #expect(try file.number("SELECT count(*) FROM \(table)") == 0, "\(table)")
      }
    }
  }

  @Test(arguments: [
    "UPDATE text_postings SET postings = x'ffffffffffffffffffff'", "UPDATE text_postings SET postings = x''",
    "UPDATE text_postings SET postings = substr(postings, 1, length(postings) - 1)",
    "DELETE FROM text_postings WHERE key & 1048575 > 0",
    "UPDATE text_postings SET postings = zeroblob(length(postings)) WHERE key & 1048575 > 0",
    "DELETE FROM text_documents", "UPDATE text_documents SET entries = x'00'",
    "UPDATE text_documents SET entries = zeroblob(length(entries))",
    "UPDATE text_tail SET terms = x'0102'", "UPDATE text_partitions SET documents = 3",
    "UPDATE text_partitions SET tail = -1",
    "UPDATE text_postings SET postings = randomblob(length(postings))",
  ])
  func `that is damaged says so`(damage: String) async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      let messages = (1...700).map { message($0, "tea \($0 % 3)") }
      try await store.commit(.append(messages, to: chat.id, after: .zero), append(701, "tea"))
      try? RawDatabase(path).run(damage)
      let failure = await failure { () throws(StoreFailure) in
        _ = try await store.textCandidates(
          for: TextQuery("tea 1"), in: [chat.searchScope], matching: RecallFilter(kinds: [.message]),
          limit: 10)
      }
      #expect(failure.isCorrupt, "\(String(describing: failure))")
      for place in 1...3 {
        // Whatever becomes of it, nothing traps.
        _ = await CompanionStoreTests.failure { () throws(StoreFailure) in
          try await store.commit(
            .eraseMessage(SequenceNumber(rawValue: Int64(place * 200)), in: chat.id, at: .epoch))
        }
      }
    }
  }

  @Test func `loses nothing when the disk is full`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      try await store.limitPages(to: 160)
      var stored = 0
      while true {
        let text = "number\(stored) word\(stored * 7) tea with \(stored * 31) leaves"
        let failure = await failure { () throws(StoreFailure) in
          try await store.commit(append(stored + 1, text))
        }
        guard let failure else {
          stored += 1
          continue
        }
        #expect(Optional(failure).isFull)
        break
      }
      // Some were merged before.
      #expect(stored > 257)
      try await store.limitPages(to: 1_000_000)
      for place in stored + 1...stored + 300 {
        let text = "number\(place - 1) word\((place - 1) * 7) tea with \((place - 1) * 31) leaves"
        try await store.commit(append(place, text))
      }
      let reference = InMemoryStore(time: StoppedClock())
      try await reference.commit(
        .insertSession(chat), .append(try await store.log(), to: chat.id, after: .zero))
      for text in ["tea", "number3 tea", "word49", "leaves number\(stored)"] {
        try await expectSame(store, reference, TextQuery(text))
      }
    }
  }
}

@Suite struct `A SQLite file of version 4` {
  @Test func `opens with all its messages found`() async throws {
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat))
      let messages = (1...400).map { message($0, "number\($0) of tea") }
      try await store.commit(.append(messages, to: chat.id, after: .zero))
      await store.close()
      try toVersionFour(path)
      let migrated = try await open(path)
      let reference = InMemoryStore(time: StoppedClock())
      try await reference.commit(.insertSession(chat), .append(messages, to: chat.id, after: .zero))
      try await expectSame(migrated, reference, TextQuery("tea number300"))
      #expect(try await migrated.log() == messages)
      #expect(try await migrated.sessionsToRemember(after: nil, limit: 9).map(\.id) == [chat.id])
      try await migrated.checkIntegrity()
    }
  }

  /// Takes away what version 5 has added.
  private func toVersionFour(_ path: String) throws {
    try toVersionFive(path)
    let file = RawDatabase(path)
    try file.run(
      """
      DROP INDEX messages_of_speakers; DROP INDEX sessions_to_remember; DROP INDEX sessions_of_channels;
      DROP INDEX sessions_of_users;
      DROP TABLE memory_progress; DROP TABLE memory_sources; DROP TABLE memories; DROP TABLE facts;
      DROP TABLE documents; DROP TABLE text_analysis; DROP TABLE text_partitions;
      DROP TABLE text_free_numbers; DROP TABLE text_documents; DROP TABLE text_tail; DROP TABLE text_terms;
      DROP TABLE text_postings;
      ALTER TABLE messages DROP COLUMN is_reminded; ALTER TABLE messages DROP COLUMN document;
      ALTER TABLE sessions DROP COLUMN remembered; ALTER TABLE sessions DROP COLUMN documents;
      ALTER TABLE sessions DROP COLUMN length;
      PRAGMA user_version = 4
      """)
  }
}

/// Checks that two indexes give the same for a query, in whatever order.
private func expectSame(
  _ store: some TextIndex, _ reference: some TextIndex, _ query: TextQuery
) async throws {
  let scopes = Set((0..<4).map { LongLog.session($0).searchScope } + [chat.searchScope])
  for limit in [1, 20, 100_000] {
    let found = try await store.textCandidates(
      for: query, in: scopes, matching: RecallFilter(kinds: [.message]), limit: limit)
    let expected = try await reference.textCandidates(
      for: query, in: scopes, matching: RecallFilter(kinds: [.message]), limit: limit)
    #expect(found.matches.documentStatistics == expected.matches.documentStatistics)
    #expect(found.matches.sessionStatistics == expected.matches.sessionStatistics)
    #expect(sorted(found) == sorted(expected))
  }
}

/// A candidate with everything that ranks it.
private struct Candidate: Equatable {
  var id: RecallSource
  var document: TermCounts
  var window: TermCounts?
  var session: TermCounts?
}

private func sorted(_ found: TextCandidates<RecallSource>) -> [Candidate] {
  zip(found.ids, found.matches.candidates)
    .map { id, candidate in
      Candidate(
        id: id, document: candidate.document, window: candidate.window,
        session: candidate.session.map { found.matches.sessions[$0] })
    }
    .sorted { $0.id < $1.id }
}

/// Changes of four conversations, in two places, that fill an index and tear holes into it.
private struct LongLog {
  private var state: UInt64
  private var lengths: [Int64] = [0, 0, 0, 0]
  private var begun: Set<Int> = []

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  static func session(_ number: Int) -> ChatSession {
    let place = number == 0 ? nil : ConversationPlace(workspace: .main, channel: "kitchen")
    return ChatSession(id: identifier(number + 10), place: place, createdAt: .epoch)
  }

  mutating func nextChange() -> ChangeSet.Change {
    let number = next(below: 4)
    let session = Self.session(number)
    guard begun.contains(number) else {
      begun.insert(number)
      return .insertSession(session)
    }
    let length = lengths[number]
    let place = SequenceNumber(rawValue: 1 + Int64(next(below: Int(max(length, 1)))))
    switch next(below: 20) {
    case 0 where length > 0: return .eraseMessage(place, in: session.id, at: .epoch)
    case 1 where length > 100 && next(below: 3) == 0:
      lengths[number] = 0
      begun.remove(number)
      return .eraseSession(session.id)
    default:
      let count = Int64([1, 1, 2, 20, 60][next(below: 5)])
      lengths[number] += count
      let messages = (length + 1...length + count).map { message(Int($0), text()) }
      return .append(messages, to: session.id, after: SequenceNumber(rawValue: length))
    }
  }

  mutating func query() -> TextQuery { TextQuery(text()) }

  private mutating func text() -> String {
    (0...next(below: 9)).map { _ in
      // Some words are in nearly everything, most in little.
      let rank = next(below: 2) == 0 ? next(below: 6) : next(below: 400)
      return rank % 11 == 10 ? "紅葉\(rank)" : "word\(rank)"
    }.joined(separator: " ")
  }

  private mutating func next(below limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(limit))
  }
}
