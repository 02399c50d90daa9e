import CompanionKit
import ExampleSupport
import Foundation

/// Recall through a store that has just been opened: what a person waits for.
///
/// First only the search by words, then, after opening once more, the whole recall: in all kinds, with its texts read
/// and packed into 1,000 tokens. Last the same by words and vectors, when all messages are embedded. The service that
/// makes the vectors answers at once; they are not of the texts, so that each way finds other messages, and as much is
/// fused and read as can be.
struct RecallSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  func run() async throws {
    let count = options.count ?? 100_000
    let name = "\(options.store.rawValue), \(count) messages"
    var talk = SyntheticTalk()
    let sessions = talk.sessions(count: count, user: .user)
    let texts = sessions.flatMap { session in session.messages.map(\.text) }
    let times = sessions.flatMap { session in session.messages.map(\.time) }
    let questions = (0..<400).map { talk.question(about: texts[$0 * 7919 % texts.count]) }
    switch options.store {
    case .memory:
      let store = InMemoryStore(time: SystemTimeSource())
      try await sessions.store(in: store)
      try await measureSearch(store, questions, times, name)
      try await measureRecall(store, questions, by: .words, name)
      try await embed(store)
      try await measureRecall(store, questions, by: .wordsAndVectors, name)
    case .sqlite:
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "companion-bench-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let path = folder.appending(path: "recall.db").path
      let first = try await SQLiteStore(path: path, durability: .normal, time: SystemTimeSource())
      try await sessions.store(in: first)
      await first.close()
      try await opened(path, name) { try await measureSearch($0, questions, times, name) }
      try await opened(path, name) { try await measureRecall($0, questions, by: .words, name) }
      let second = try await SQLiteStore(path: path, durability: .normal, time: SystemTimeSource())
      try await embed(second)
      await second.close()
      try await opened(path, name) { try await measureRecall($0, questions, by: .wordsAndVectors, name) }
    }
  }

  private func opened(
    _ path: String, _ name: String, _ measure: (SQLiteStore) async throws -> Void
  ) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    let store = try await SQLiteStore(path: path, time: SystemTimeSource())
    report.figure("recall", "opening, \(name)", "open_ms", (clock.now - start).milliseconds, "ms")
    try await measure(store)
    await store.close()
  }

  private func measureSearch(
    _ store: some CompanionStore, _ questions: [String], _ times: [Timestamp], _ name: String
  ) async throws {
    let search = try await Search(store).latencies(of: questions)
    report.figure("recall", "the first search, \(name)", "latency_p50_ms", search.first ?? 0, "ms")
    report.figure(
      "recall", "searches: candidates and ranking, median", "latency_p50_ms", search.percentile(0.5), "ms")
    report.figure("recall", "the same, p95", "latency_p95_ms", search.percentile(0.95), "ms")
    for share in [0.001, 0.01, 0.1, 0.5] {
      let end = times[min(times.count - 1, Int(share * Double(times.count)))]
      let filtered = try await Search(store).latencies(
        of: questions, matching: RecallFilter(kinds: [.message], times: times[0]..<end))
      report.figure(
        "recall", "the same within a time that has \((share * 100).formatted()) % of them, p95",
        "latency_p95_ms", filtered.percentile(0.95), "ms")
    }
  }

  private enum Way: String {
    case words
    case wordsAndVectors = "words and vectors"
  }

  private func measureRecall(
    _ store: some CompanionStore, _ questions: [String], by way: Way, _ name: String
  ) async throws {
    let companion =
      way == .words ? Companion(model: .offline, store: store) : try companion(withVectors: store)
    let recalls = try await latencies(of: questions) { question in
      guard try await !companion.recall(question, in: [.user(.user, in: .main)]).items.isEmpty else {
        throw BenchmarkError(message: "nothing was recalled")
      }
    }
    report.figure(
      "recall", "the first recall by \(way.rawValue), \(name)", "latency_p50_ms", recalls.first ?? 0, "ms")
    report.figure(
      "recall", "recalls by \(way.rawValue), with texts read and packed, median", "latency_p50_ms",
      recalls.percentile(0.5), "ms")
    report.figure("recall", "the same, p95", "latency_p95_ms", recalls.percentile(0.95), "ms")
    let reads = try await latencies(of: questions) { _ in _ = try await store.session(SessionID(bits: 1)) }
    report.figure(
      "recall", "comparison: one session read, p95", "latency_p95_ms", reads.percentile(0.95), "ms")
  }

  private func companion(withVectors store: some CompanionStore) throws -> Companion {
    var vectors = SyntheticVectors(kind: options.data, dimension: options.dimension)
    let service = InstantEmbeddings(vectors: vectors.queries(4_096))
    var configuration = CompanionConfiguration()
    (configuration.embedding.batchSize, configuration.embedding.pageSize) = (64, 1_280)
    // However long it takes is to be measured.
    configuration.embedding.recallPatience = .seconds(60)
    return try Companion(
      providers: [Provider("instant", services: ProviderServices(embeddings: service))], store: store,
      configuration: configuration)
  }

  private func embed(_ store: some CompanionStore) async throws {
    let run = try await companion(withVectors: store).embedAll()
    guard run.end == .complete else { throw BenchmarkError(message: "not all was embedded: \(run.end)") }
  }

  private func latencies(
    of questions: [String], _ answer: (String) async throws -> Void
  ) async throws -> [Double] {
    var latencies: [Double] = []
    for question in questions {
      latencies.append(try await ContinuousClock().measure { try await answer(question) }.milliseconds)
    }
    return latencies
  }
}
