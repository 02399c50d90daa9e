import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// What is learnt of the tokens that a model makes, over restarts; under a simulator.
struct EstimateKeepingTests {
  /// A model that makes half more of every text than is usual.
  private static let model = ScriptedModel { request in
    let estimator = TokenEstimator()
    let usual = request.messages.reduce(0) { $0 + estimator.tokens(in: $1.text) + 4 }
    return [.text("Yes"), .usage(input: usual * 3 / 2, output: 1)]
  }

  /// A companion on a store, which takes some messages.
  private static func talk(
    _ simulator: Simulator, _ store: InMemoryStore, messages: Int,
    _ body: (Scene) async throws -> Void = { _ in }
  ) async throws {
    let scene = Scene(simulator: simulator, store: store, model: model)
    scene.companion.start()
    if try await store.session(scene.session) == nil { try await scene.companion.startSession(scene.session) }
    for number in 0..<messages {
      _ = try await scene.companion.send("Hello, that is number \(number)", in: scene.session).text()
    }
    try await body(scene)
    await scene.companion.stop()
  }

  private static func stored(_ store: InMemoryStore) async throws -> [StateRecord] {
    try await store.states(of: .companion, .tokens, after: nil, limit: 10)
  }

  /// What a companion knows when it begins.
  private static func known(_ simulator: Simulator, _ store: InMemoryStore) async throws -> TokenEstimate? {
    let scene = Scene(simulator: simulator, store: store, model: model)
    return try await scene.companion.status().estimates.values.first
  }

  @Test func `what was learnt is known after a restart, and learning goes on`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      #expect(try await Self.known(simulator, store)?.reports == 0)
      try await Self.talk(simulator, store, messages: 25)
      let known = try #require(try await Self.known(simulator, store))
      #expect(known.reports == 25 && known.margin < 0.2)
      try await Self.talk(simulator, store, messages: 5)
      #expect(try await Self.known(simulator, store)?.reports == 30)
      #expect(try await Self.stored(store).count == 1)
    }
  }

  @Test func `the first prompt after a restart is made by what was learnt`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      try await Self.talk(simulator, store, messages: 25)
      try await Self.talk(simulator, store, messages: 1) { scene in
        let first = scene.events.events.compactMap { event in
          if case .promptCompiled(.answer, _, let report) = event.kind { report } else { nil }
        }.first
        // Of 8,000 tokens 1,024 are kept for the answer, and 40 % of the rest before anything is known.
        let report = try #require(first)
        #expect(report.budget.available > 5_500)
      }
    }
  }

  @Test func `it is stored every few answers, so that a crash costs few of them`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      try await Self.talk(simulator, store, messages: 0) { scene in
        for number in 1...12 {
          _ = try await scene.companion.send("Number \(number)", in: scene.session).text()
          try await simulator.time.sleep(for: .seconds(1))
          let known = try #require(try await Self.known(simulator, store))
          #expect((0..<4).contains(number - known.reports))
        }
      }
    }
  }

  /// Whoever has learnt from less goes on from there.
  @Test(arguments: [(2, 6), (10, 12)])
  func `of two processes the one that has learnt from more is believed`(others: Int, reports: Int) throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let other = Scene(simulator: simulator, store: store, model: Self.model)
      // It knows that nothing is stored yet.
      #expect(try await other.companion.status().estimates.values.first?.reports == 0)
      try await Self.talk(simulator, store, messages: 6)
      other.companion.start()
      try await other.companion.startSession(SessionID(bits: 2))
      for _ in 1...others {
        _ = try await other.companion.send("Hello", in: SessionID(bits: 2)).text()
      }
      await other.companion.stop()
      #expect(try await Self.known(simulator, store)?.reports == reports)
    }
  }

  @Test func `what cannot be read of it is learnt anew, and overwritten`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      try await Self.talk(simulator, store, messages: 8)
      var record = try #require(try await Self.stored(store).first)
      record.version += 1
      record.json = record.json.replacing(#""reports":8"#, with: #""reports":9223372036854775807"#)
      try await store.commit(.putState(record))
      #expect(try await Self.known(simulator, store)?.reports == 0)
      try await Self.talk(simulator, store, messages: 4)
      #expect(try await Self.known(simulator, store)?.reports == 4)
    }
  }

  @Test func `where the host counts exactly, nothing is learnt and nothing stored`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let scene = Scene(simulator: simulator, store: store, model: Self.model) {
        $0.routing.tokenCounter = TokenEstimator()
      }
      scene.companion.start()
      try await scene.companion.startSession(scene.session)
      for _ in 1...6 { _ = try await scene.companion.send("Hello", in: scene.session).text() }
      await scene.companion.stop()
      #expect(try await Self.stored(store).isEmpty)
    }
  }

  @Test func `what the store itself cannot read is told once, removed, and learnt anew`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = DamagedEstimates(base: InMemoryStore(time: simulator.time))
      var configuration = CompanionConfiguration()
      configuration.intents = .rules
      configuration.memory.isAutomatic = false
      let events = RecordingEventSink()
      let companion = Companion(
        model: Self.model, store: store, configuration: configuration, time: simulator.time,
        identifiers: simulator.identifiers, events: events)
      companion.start()
      try await companion.startSession(SessionID(bits: 1))
      for _ in 1...3 { _ = try await companion.send("Hello").text() }
      #expect(events.events.count { $0.kind.typeName == "service.failed" } == 1)
      #expect(store.isRemoved.withLock { $0 })
      try await simulator.time.sleep(for: .seconds(61))
      for _ in 1...3 { _ = try await companion.send("Hello").text() }
      await companion.stop()
      #expect(events.events.count { $0.kind.typeName == "service.failed" } == 1)
      #expect(try await store.states(of: .companion, .tokens, after: nil, limit: 9).count == 1)
    }
  }
}

/// A store in which what is learnt of tokens is damaged until it is removed.
private final class DamagedEstimates: StoreWrapper {
  let base: any CompanionStore
  let isRemoved = Mutex(false)

  init(base: any CompanionStore) { self.base = base }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    guard isRemoved.withLock({ $0 }) || owner != .companion else { throw .corrupt("a row") }
    return try await base.states(of: owner, kind, after: after, limit: limit)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let removes = changes.changes.contains { change in
      if case .removeStates(of: .companion, _) = change { true } else { false }
    }
    if removes { isRemoved.withLock { $0 = true } }
    return try await base.commit(changes)
  }
}
