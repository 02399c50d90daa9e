import CompanionKit
import ExampleSupport
import Foundation

/// Search by words: what it costs to list messages, and to find them again.
///
/// It is compared with looking at every document by the same BM25, and with SQLite's own full-text index of
/// the same terms, where this SQLite has one. Commits do not wait for the disk (`durability: .normal`).
struct TextSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  func run() async throws {
    let count = options.count ?? 100_000
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "companion-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    switch options.store {
    case .memory: try await run(InMemoryStore(time: SystemTimeSource()), count: count)
    case .sqlite:
      let store = try await SQLiteStore(
        path: folder.appending(path: "text.db").path, durability: .normal, time: SystemTimeSource())
      try await run(store, count: count)
      await store.close()
    }
  }

  private func run(_ store: some ConversationStore & TextIndex, count: Int) async throws {
    let name = "\(options.store.rawValue), \(count) messages"
    var talk = SyntheticTalk()
    let sessions = talk.sessions(count: count, user: .user)
    let clock = ContinuousClock()
    let build = try await clock.measure { try await sessions.store(in: store) }
    report.figure(
      "text", "sessions of 60 messages, a commit each, \(name)", "build_s", build.milliseconds / 1000, "s")
    report.figure(
      "text", "the same for each message", "per_document_us",
      build.milliseconds * 1000 / Double(count), "µs")
    try await measureSingleMessages(store, name)

    let texts = sessions.flatMap { session in session.messages.map(\.text) }
    let questions = (0..<200).map { talk.question(about: texts[$0 * 7919 % texts.count]) }
    let latencies = try await Search(store).latencies(of: questions)
    report.figure(
      "text", "candidates and ranking, \(name), median", "latency_p50_ms", latencies.percentile(0.5), "ms")
    report.figure("text", "the same, p95", "latency_p95_ms", latencies.percentile(0.95), "ms")

    var naive = NaiveSearch()
    for text in texts { naive.insert(text) }
    let queries = questions.prefix(40).map { TextQuery($0) }
    let scans = queries.map { query in clock.measure { _ = naive.best(for: query) }.milliseconds }
    report.figure(
      "text", "comparison: every document by the same BM25, p95", "latency_p95_ms", scans.percentile(0.95),
      "ms")
    guard let table = try FullTextTable(texts) else {
      return report.note("This SQLite has no FTS5 to compare with.")
    }
    let matches = try queries.map { query in try clock.measure { try table.search(query) }.milliseconds }
    report.figure(
      "text", "comparison: FTS5, the same terms, p95", "latency_p95_ms", matches.percentile(0.95), "ms")
  }

  /// Messages that come one by one, as they do.
  private func measureSingleMessages(
    _ store: some ConversationStore & TextIndex, _ name: String
  ) async throws {
    var talk = SyntheticTalk(seed: 11)
    let messages = talk.sessions(count: 1200, user: .user).flatMap(\.messages)
    let session = ChatSession(id: SessionID(bits: 1 << 100), createdAt: Timestamp(nanosecondsSinceEpoch: 0))
    try await store.commit(.insertSession(session))
    var last = SequenceNumber.zero
    var times: [Double] = []
    for var message in messages {
      message.sequence = last.next
      let time = try await ContinuousClock().measure {
        try await store.commit(.append([message], to: session.id, after: last))
      }
      times.append(time.milliseconds * 1000)
      last = message.sequence
    }
    report.figure(
      "text", "one message a commit, \(name), median", "per_document_us", times.percentile(0.5), "µs")
    report.figure("text", "the same, mean", "per_document_us", times.reduce(0, +) / Double(times.count), "µs")
    report.figure("text", "the same, the longest", "per_document_us", times.max() ?? 0, "µs")
  }
}

/// A search as recall makes it: the candidates, and their ranking.
struct Search<Store: TextIndex> {
  private let store: Store

  init(_ store: Store) { self.store = store }

  /// How long each question takes, in milliseconds.
  ///
  /// - Parameter filter: what is looked for. Of a time it may have nothing that is asked about.
  func latencies(
    of questions: [String], matching filter: RecallFilter = RecallFilter(kinds: [.message])
  ) async throws -> [Double] {
    var latencies: [Double] = []
    for question in questions {
      let time = try await ContinuousClock().measure {
        let query = TextQuery(question)
        let found = try await store.textCandidates(
          for: query, in: [.user(.user, in: .main)], matching: filter, limit: ConversationRanking.candidates)
        guard !ConversationRanking().ranked(found, for: query).isEmpty || filter.times != nil else {
          throw BenchmarkError(message: "nothing was found")
        }
      }
      latencies.append(time.milliseconds)
    }
    return latencies
  }
}

extension [(session: ChatSession, messages: [ChatMessage])] {
  /// Stores all of them, a commit each.
  func store(in store: some ConversationStore) async throws {
    for (session, messages) in self {
      try await store.commit(
        .insertSession(session), .append(messages, to: session.id, after: .zero))
    }
  }
}
