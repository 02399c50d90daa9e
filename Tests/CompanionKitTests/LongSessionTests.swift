import CompanionKit
import CompanionTesting
import Foundation
import Testing

/// Half an hour with a companion, in simulated time, in which much goes wrong.
struct LongSessionTests {
  @Test
  func `half an hour with tasks, a crash and an outage: all is answered, nothing lost, and the log replays`()
    throws
  {
    for seed in Seeds.few {
      let simulator = Simulator(seed: seed)
      try simulator.run { try await HalfAnHour(simulator: simulator).tell() }
    }
  }
}

/// The story, and who is in it.
private struct HalfAnHour: Sendable {
  let simulator: Simulator
  let durable: InMemoryStore
  let session = SessionID(bits: 1)
  let write = BenchTool("write") { _ in ToolOutput("written") }

  init(simulator: Simulator) {
    self.simulator = simulator
    durable = InMemoryStore(time: simulator.time)
  }

  func tell() async throws {
    let start = simulator.time.now
    func minute(_ minute: Double) async throws {
      try await simulator.time.sleep(until: start.advanced(by: .seconds(minute * 60)), tolerance: nil)
    }
    let crashing = CrashableStore(durable)
    let first = companion(on: crashing)
    first.start()
    try await first.startSession(session)
    #expect(try await first.send("Good morning.", in: session).text() == "An answer to: Good morning.")

    // A second message comes while the first is being answered.
    try await minute(2)
    let long = try await first.send("Tell me a long story.", in: session)
    #expect(try await pieces(2, of: long) == "Once upon a time, ")
    #expect(try await first.send("No, a short one.", in: session).text() == "An answer to: No, a short one.")
    #expect(long.outcome == .interrupted(.superseded))

    // Work for the background needs permission; the conversation goes on meanwhile.
    try await minute(4)
    let allowed = try await handOver("Summarise everything.", to: first)
    let denied = try await handOver("Summarise the rest.", to: first)
    #expect(try await first.send("Are you there?", in: session).text() == "An answer to: Are you there?")
    try await minute(6)
    let open = try await first.approvals(in: session)
    #expect(Set(open.map(\.id.task)) == [allowed, denied])
    #expect(write.calls.isEmpty)

    // One provider is away: the other answers. Both are: the person is told so.
    try await minute(8)
    #expect(try await first.send("Who answers?", in: session).text() == "An answer to: Who answers?")
    try await minute(10)
    let unheard = try await first.send("Can you hear me?", in: session)
    await #expect(throws: ChatFailure.self) { try await unheard.text() }
    try await minute(14)
    #expect(try await first.send("And now?", in: session).text() == "An answer to: And now?")

    // It crashes in the middle of an answer, and with messages that have none yet.
    try await minute(16)
    let lost = try await first.send("Tell me another long story.", in: session)
    #expect(try await pieces(3, of: lost) == "Once upon a time, there was a ")
    try await minute(16.1)
    crashing.crash()
    await first.stop()

    let second = companion(on: durable)
    second.start()
    try await minute(18)
    #expect(try await second.resume(session) == nil)
    #expect(try await second.send("Go on.", in: session).text() == "An answer to: Go on.")
    #expect(Set(try await second.approvals(in: session).map(\.id)) == Set(open.map(\.id)))
    for approval in open {
      if approval.id.task == allowed {
        try await second.approve(approval.id)
      } else {
        try await second.deny(approval.id, reason: "not that")
      }
    }
    for task in [allowed, denied] { for try await _ in second.taskUpdates(of: task) {} }
    #expect(write.calls == ["Summarise everything."])
    #expect(try await second.taskResult(of: denied).text == "Done without it.")

    // A task that nobody wants any more, a correction, an answer that is stopped.
    try await minute(24)
    let unwanted = try await handOver("Summarise it once more.", to: second)
    try await second.cancelTask(unwanted, reason: "never mind")
    try await second.editMessage(SequenceNumber(rawValue: 1), in: session, to: "Good evening.")
    let stopped = try await second.send("One more long story.", in: session)
    #expect(try await pieces(1, of: stopped) == "Once upon ")
    stopped.interrupt()
    for try await _ in stopped { Issue.record("It goes on.") }
    try await minute(30)
    await second.stop()
    try await check(unheard: unheard.turn)
  }

  /// Nothing is lost, and the log says all.
  private func check(unheard: TurnID) async throws {
    let messages = try await durable.messages(in: session, before: nil, limit: 1000)
    let said = messages.filter { $0.role == .user }
    #expect(
      said.map(\.text) == [
        "Good evening.", "Tell me a long story.", "No, a short one.", "Summarise everything.",
        "Summarise the rest.", "Are you there?", "Who answers?", "Can you hear me?", "And now?",
        "Tell me another long story.", "Go on.", "Summarise it once more.", "One more long story.",
      ])
    for message in said where message.turn != unheard {
      #expect(messages.contains { $0.turn == message.turn && $0.role == .assistant }, "\(message.text)")
    }
    let interrupted = messages.filter { $0.completion != .complete }
    #expect(interrupted.map(\.text).first == "Once upon a time, ")
    #expect(interrupted.map(\.text).last == "Once upon ")
    #expect("Once upon a time, there was a ".hasPrefix(try #require(interrupted.dropFirst().first).text))
    #expect(
      interrupted.map(\.completion) == [
        .interrupted(.superseded), .interrupted(.crashed), .interrupted(.stopped),
      ])

    let replayed = InMemoryStore(time: simulator.time)
    try await replay(into: replayed)
    #expect(
      try await replayed.messages(in: session, before: nil, limit: 1000).map(\.parts) == messages.map(\.parts)
    )
    let prompts = [try await nextPrompt(on: durable), try await nextPrompt(on: replayed)]
    #expect(prompts[0] == prompts[1])
    #expect(prompts[0].count > 1000)
  }

  /// Writes the conversation anew, as its events tell it from the first on.
  private func replay(into store: InMemoryStore) async throws {
    let origin = try #require(try await durable.session(session))
    try await store.commit(
      .insertSession(ChatSession(id: session, user: origin.user, createdAt: origin.createdAt)))
    let events = try await durable.logEvents(in: session, after: .zero, limit: 1000)
    #expect(events.map(\.revision.rawValue) == Array(1...origin.revision.rawValue))
    var last = SequenceNumber.zero
    for event in events {
      switch event.kind {
      case .appended:
        var message = event.message
        message.change = nil
        try await store.commit(.append([message], to: session, after: last))
        last = message.sequence
      case .edited:
        guard case .edited(let time)? = event.message.change else { continue }
        try await store.commit(
          .amend(event.message.sequence, .edit(event.message.parts), in: session, at: time))
      default: Issue.record("\(event.kind)")
      }
    }
  }

  /// The bytes of the prompt that a companion sends that has just been started.
  private func nextPrompt(on store: InMemoryStore) async throws -> Data {
    let model = ScriptedModel { _ in ["yes"] }
    var configuration = configuration
    configuration.mode = .standard
    let companion = Companion(
      model: model, store: store, configuration: configuration, time: simulator.time,
      identifiers: simulator.identifiers)
    companion.start()
    _ = try await companion.send("What did we talk about?", in: session).text()
    await companion.stop()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(try #require(model.requests(for: .answer).last))
  }

  // MARK: Who is in it

  private var configuration: CompanionConfiguration {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configuration.embedding.isAutomatic = false
    return configuration
  }

  private func companion(on store: some CompanionStore) -> Companion {
    let time = simulator.time
    func model(away: ClosedRange<Double>) -> ScriptedModel {
      ScriptedModel { request in
        let minute = Self.origin.duration(to: time.now) / .seconds(60)
        guard !away.contains(minute) else { return .refusing(ProviderFailure(.connectionLost)) }
        return Self.answer(to: request, on: time)
      }
    }
    do {
      return try Companion(
        providers: [
          Provider("alpha", model: model(away: 7...12)),
          Provider("beta", model: model(away: 9...12), priority: 1),
        ],
        store: store, configuration: configuration, time: simulator.time, identifiers: simulator.identifiers,
        random: simulator.random, tools: [write])
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// When every simulator begins.
  private static let origin = Timestamp(nanosecondsSinceEpoch: 1_767_225_600_000_000_000)

  private static func answer(to request: GenerationRequest, on time: any TimeSource) -> [ModelStep] {
    let words = request.messages.last { $0.role == .user }?.words ?? ""
    if request.purpose == .task {
      guard let result = request.messages.flatMap(\.results).last else {
        return .calling(("write", "\"\(words)\""))
      }
      return [.text(result.outcome == .succeeded ? "Done: \(words)" : "Done without it.")]
    }
    guard words.contains("long") else { return [.text("An answer to: \(words)")] }
    return ["Once upon ", "a time, ", "there was a ", .pause(.seconds(20), on: time), "king."]
  }

  /// Takes the first pieces of an answer, and says that they were shown.
  private func pieces(_ count: Int, of reply: Reply) async throws -> String {
    var text = ""
    var pieces = reply.makeAsyncIterator()
    for _ in 0..<count { text += try await pieces.next() ?? "" }
    return text
  }

  private func handOver(_ text: String, to companion: Companion) async throws -> TaskID {
    let reply = try await companion.send(text, in: session)
    _ = try await reply.text()
    guard case .handedOver(let task) = reply.outcome else { throw BenchError(message: "no task: \(text)") }
    return task
  }
}
