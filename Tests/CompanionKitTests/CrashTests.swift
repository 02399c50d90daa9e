import CompanionKit
import CompanionTesting
import Testing

/// A fault at each commit in turn, after which another process goes on with the same store.
struct CrashTests {
  /// What a person was given, and promised, before the crash.
  private struct Seen: Sendable {
    var accepted: [String] = []
    var shown: [TurnID: String] = [:]
    var failed: Set<TurnID> = []
  }

  @Test(arguments: CrashableStore.Fault.allCases)
  func `whatever the moment, nothing accepted is lost and nothing is there that was not shown`(
    fault: CrashableStore.Fault
  ) throws {
    for seed in Seeds.few {
      for commit in 1...40 { try go(through: fault, at: commit, seed: seed) }
    }
  }

  private func go(through fault: CrashableStore.Fault, at commit: Int, seed: UInt64) throws {
    let simulator = Simulator(seed: seed)
    try simulator.run {
      let durable = InMemoryStore(time: simulator.time)
      let store = CrashableStore(durable, fault, at: commit)
      let model = ScriptedModel { request in
        guard request.purpose != .task else { return [.pause(.seconds(3), on: simulator.time), "result"] }
        return (1...12).flatMap { [.text("w\($0) "), .pause(.milliseconds(70), on: simulator.time)] }
      }
      let session = SessionID(bits: 1)
      try await durable.commit(.insertSession(ChatSession(id: session, createdAt: simulator.time.now)))
      var configuration = CompanionConfiguration()
      configuration.intents = .rules
      configuration.memory.isAutomatic = false
      let companion = Companion(
        model: model, store: store, configuration: configuration, time: simulator.time,
        identifiers: simulator.identifiers)
      companion.start()
      let seen = await converse(with: companion, in: session)
      store.crash()

      let messages = try await restart(durable, simulator, session)
      let context: Comment = "seed \(seed), \(fault) at commit \(commit)"
      let said = messages.filter { $0.role == .user }.map(\.text)
      // A message that was stored and not acknowledged may be there as well.
      #expect(Self.isSubsequence(seen.accepted, of: said) && said.count <= seen.accepted.count + 1, context)
      for message in messages where message.role == .assistant && message.origin == .model {
        // The second companion answers what had no answer; the rest must have been shown by the first.
        if message.completion == .complete { continue }
        #expect(seen.shown[message.turn]?.hasPrefix(message.text) == true, context)
      }
      for (turn, text) in seen.shown {
        let kept = messages.filter { $0.turn == turn && $0.role == .assistant }.map(\.text).joined()
        // Four words are shown in 250 ms at most.
        let lost = text.split(separator: " ").count - kept.split(separator: " ").count
        #expect(lost <= 4, context)
      }
      #expect(messages.map(\.sequence.rawValue) == Array(1..<Int64(messages.count + 1)), context)
      #expect(try await durable.draft(in: session) == nil, context)
      for message in messages where message.role == .user && !seen.failed.contains(message.turn) {
        let answers = messages.count { $0.turn == message.turn && $0.role == .assistant }
        #expect(answers >= 1, context)
      }
      await companion.stop()
    }
  }

  private static func isSubsequence(_ few: [String], of many: [String]) -> Bool {
    var rest = many[...]
    return few.allSatisfy { text in
      rest = rest.drop { $0 != text }
      return rest.popFirst() != nil
    }
  }

  private func converse(with companion: Companion, in session: SessionID) async -> Seen {
    var seen = Seen()
    for text in ["Hello", "Summarise everything", "Tell me more", "And then?"] {
      guard let reply = try? await companion.send(text, in: session) else { continue }
      seen.accepted.append(text)
      do {
        for try await word in reply { seen.shown[reply.turn, default: ""] += word }
      } catch {
        // Whoever was told so asks again, or goes on with something else.
        seen.failed.insert(reply.turn)
      }
    }
    return seen
  }

  /// Goes on with a store as a new process does, until everything is answered and done.
  private func restart(
    _ store: InMemoryStore, _ simulator: Simulator, _ session: SessionID
  ) async throws -> [ChatMessage] {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    let model = ScriptedModel { _ in ["fresh"] }
    let companion = Companion(
      model: model, store: store, configuration: configuration, time: simulator.time,
      identifiers: simulator.identifiers)
    companion.start()
    if let reply = try await companion.resume(session) { _ = try await reply.text() }
    // A dead worker's lease runs out before its task is taken up again.
    let left = try await companion.drainTasks(limit: .seconds(200))
    #expect(left == 0)
    _ = try await companion.send("Hello again", in: session).text()
    let messages = try await companion.history(of: session, limit: 1000).dropLast(2)
    await companion.stop()
    return Array(messages)
  }
}
