import CompanionKit
import ExampleSupport
import Foundation

/// The companion's own cost: from a message to the call of the model, and for each streamed chunk; and how soon an answer
/// stops that is interrupted.
///
/// The first is measured with a long conversation in the store, intents by rule, and without waiting for the
/// disk (`durability: .normal`), whose speed is the machine's. It is compared with the same writes and reads
/// made by hand on the same kind of file. The second is what streaming through a companion adds to iterating
/// the model's own stream.
struct TurnsSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  func run() async throws {
    let stored = options.count ?? 100_000
    switch options.store {
    case .memory: try await run(InMemoryStore(time: SystemTimeSource()), stored: stored)
    case .sqlite:
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "companion-bench-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let store = try await SQLiteStore(
        path: folder.appending(path: "turns.db").path, durability: .normal, time: SystemTimeSource())
      try await run(store, stored: stored)
      await store.close()
      let raw = try RawTurns.microseconds(in: folder.appending(path: "raw.db").path, stored: stored)
      report.figure(
        "turns", "comparison: the same insert and read by hand, \(stored) stored", "message_to_model_ms",
        raw / 1000, "ms")
    }
  }

  private func run(_ store: some CompanionStore, stored: Int) async throws {
    let session = SessionID(bits: 1)
    try await fill(store, session, count: stored)
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    let model = StampingModel()
    let companion = Companion(model: model, store: store, configuration: configuration)
    companion.start()

    let clock = ContinuousClock()
    for mode in ChatMode.allCases {
      companion.setMode(mode)
      // The first message opens the session, and warms everything.
      _ = try await companion.send("What shall we cook?", in: session).text()
      var latencies: [Double] = []
      for _ in 0..<500 {
        let start = clock.now
        let reply = try await companion.send("What shall we cook?", in: session)
        _ = try await reply.text()
        guard let called = model.lastCall else { throw BenchmarkError(message: "the model was not called") }
        latencies.append((called - start).milliseconds)
      }
      let name =
        "\(mode.rawValue): message to model call, \(options.store.rawValue), \(stored) stored, median"
      report.figure("turns", name, "message_to_model_ms", latencies.percentile(0.5), "ms")
      report.figure("turns", "the same, p99", "message_to_model_ms", latencies.percentile(0.99), "ms")
    }

    let chunks = 100_000
    var direct: [Double] = []
    var through: [Double] = []
    for _ in 0..<5 {
      model.chunks = chunks
      var characters = 0
      direct.append(
        try await clock.measure {
          let request = GenerationRequest(purpose: .answer, messages: [PromptMessage(.user, "go")])
          for try await event in try await model.stream(request) {
            if case .text(let text) = event { characters += text.utf8.count }
          }
        }.milliseconds)
      through.append(
        try await clock.measure {
          for try await text in try await companion.send("Tell me a story", in: session) {
            characters -= text.utf8.count
          }
        }.milliseconds)
      guard characters == 0 else { throw BenchmarkError(message: "\(characters) characters were lost") }
    }
    let added = (through.percentile(0.5) - direct.percentile(0.5)) * 1000 / Double(chunks)
    report.figure("turns", "added for each of \(chunks) streamed chunks", "per_chunk_us", added, "µs")
    report.figure(
      "turns", "comparison: the model's own stream", "per_chunk_us",
      direct.percentile(0.5) * 1000 / Double(chunks), "µs")
    await companion.stop()
    try await measureInterruptions(store, session)
  }

  /// From `interrupt()`, while the model says nothing more, until the consumer sees the end of the answer.
  private func measureInterruptions(_ store: some CompanionStore, _ session: SessionID) async throws {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    let companion = Companion(model: StallingModel(), store: store, configuration: configuration)
    companion.start()
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<200 {
      let reply = try await companion.send("Tell me a story", in: session)
      var chunks = 0
      var start = clock.now
      for try await _ in reply {
        chunks += 1
        guard chunks == StallingModel.chunks else { continue }
        start = clock.now
        reply.interrupt()
      }
      times.append((clock.now - start).milliseconds)
      guard chunks == StallingModel.chunks, case .interrupted = reply.outcome else {
        throw BenchmarkError(
          message: "\(chunks) chunks came, and the reply has \(reply.outcome, default: "no outcome")")
      }
    }
    report.figure(
      "turns", "interrupted until the answer ends, median", "interrupt_ms", times.percentile(0.5), "ms")
    report.figure("turns", "the same, p99", "interrupt_ms", times.percentile(0.99), "ms")
    await companion.stop()
  }

  private func fill(_ store: some CompanionStore, _ session: SessionID, count: Int) async throws {
    let start = SystemTimeSource().now
    try await store.commit(.insertSession(ChatSession(id: session, createdAt: start)))
    var last = SequenceNumber.zero
    while last.rawValue < Int64(count) {
      var messages: [ChatMessage] = []
      var next = last.next
      for _ in 0..<min(1000, count - Int(last.rawValue)) {
        messages.append(
          ChatMessage(
            sequence: next, turn: TurnID(bits: UInt128(next.rawValue)),
            role: next.rawValue.isMultiple(of: 2) ? .assistant : .user,
            parts: [
              .text("Message \(next.rawValue) about the garden, the weather and what to cook tonight.")
            ],
            time: start, origin: next.rawValue.isMultiple(of: 2) ? .model : .person))
        next = next.next
      }
      try await store.commit(.append(messages, to: session, after: last))
      last = messages.last?.sequence ?? last
    }
  }
}
