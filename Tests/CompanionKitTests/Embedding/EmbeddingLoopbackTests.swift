import CompanionKit
import CompanionTesting
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

/// Documents that are embedded by a server that does whatever servers do, over real connections.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddingLoopbackTests {
  /// What becomes of a request that has a bad text.
  enum Flaw: String, CaseIterable, Sendable {
    case serverError, invalid, tooLarge, cutBefore, cutWithin, stalls
    case short, long, none, null, notANumber, infinite, nested, text, noBytes, otherDimension, noNumbers
    case twice, noSuchIndex, negativeIndex, halfNumbered
    case notJSON, cutJSON, webPage, nothing, otherJSON
  }

  /// How a server writes an answer that is good.
  enum Form: CaseIterable, Sendable { case inOrder, turnedAround, notNumbered, base64, inPieces }

  @Test(arguments: Flaw.allCases)
  func `of a server that fails at one text in a hundred, everything else is embedded, and that is parked`(
    flaw: Flaw
  ) async throws {
    try await Self.run(bad: flaw) { room in
      let texts = (1...300).map { $0 % 100 == 37 ? "bad \($0)" : "text \($0)" }
      try await room.put(texts)
      var runs: [EmbeddingRun] = []
      while try await room.coverage()?.waiting != 0 {
        if let next = try await room.coverage()?.nextRetry { room.clock.advance(to: next) }
        runs.append(await room.companion.embedAll())
        guard runs.count < 20 else { break }
      }
      #expect(runs.allSatisfy { $0.end == .complete }, "\(runs.map(\.end))")
      #expect(try await room.coverage() == EmbeddingCoverage(embedded: 297, parked: 3))
      let parked = try await room.companion.failedEmbeddings(in: room.space)
      #expect(parked.map(\.source) == [37, 137, 237].map(Room.source))
      #expect(parked.allSatisfy { $0.attempts == 5 && $0.retryAt == nil })
      #expect(parked.allSatisfy { $0.reason.contains(flaw.reason) }, "\(parked.first?.reason ?? "")")
      try await room.expectOwnVectors(of: texts) { $0.hasPrefix("text") }
      // Each good text was paid for once but for those that were in a call with a bad one.
      let asked = room.asked
      let shared = asked.filter { $0.value > 1 && $0.key.hasPrefix("text") }
      #expect(shared.count <= 3 * 7 && shared.values.allSatisfy { $0 <= 4 }, "\(shared)")
    }
  }

  @Test(arguments: [8, 64], [100, 8, 3])
  func `however many texts a server fails at, and in whatever batches, the others are embedded within hours`(
    batchSize: Int, distance: Int
  ) async throws {
    try await Self.run(bad: .serverError, batchSize: batchSize) { room in
      let texts = (1...300).map { $0 % distance == 1 ? "bad \($0)" : "text \($0)" }
      let good = texts.count { $0.hasPrefix("text") }
      try await room.put(texts)
      let start = room.clock.now
      while try await room.coverage()?.embedded != good,
        start.duration(to: room.clock.now) < .seconds(14_400)
      {
        _ = await room.companion.embedAll()
        room.clock.advance(by: .seconds(120))
      }
      #expect(try await room.coverage()?.embedded == good)
      try await room.expectOwnVectors(of: texts) { $0.hasPrefix("text") }
    }
  }

  @Test(arguments: Form.allCases)
  func `whatever the order and the form of an answer, each document has its own vector`(
    form: Form
  ) async throws {
    try await Self.run(form: form) { room in
      let texts = (1...40).map { "text \($0)" } + ["京都の朝", "北京的早晨", "line\nbreak \"quoted\" \u{1F600}"]
      try await room.put(texts)
      let run = await room.companion.embedAll()
      #expect(run.end == .complete && run.embedded == texts.count)
      #expect(run.calls == 7 && run.tokens == 7 * 7)
      try await room.expectOwnVectors(of: texts) { _ in true }
    }
  }

  @Test func `a server that asks for a rest is given it, and nothing is embedded twice`() async throws {
    let requests = Mutex(0)
    let server = try LoopbackServer { request, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      if number == 4 {
        try connection.respond(429, ["Retry-After": "40"], OpenAIScript.error("slow down"))
      } else {
        try connection.respond(200, [:], EmbeddingScript.answer(to: try EmbeddingScript.texts(of: request)))
      }
    }
    try await Self.run(on: server, passesTime: false) { room in
      let texts = (1...40).map { "text \($0)" }
      try await room.put(texts)
      let run = await room.companion.embedAll()
      guard case .serviceFailed(let failure) = run.end else {
        Issue.record("\(run.end)")
        return
      }
      #expect(failure.kind == .rateLimited && failure.retryAfter == .seconds(40))
      #expect(try await room.coverage() == EmbeddingCoverage(embedded: 16, waiting: 24))
      let companion = room.companion
      async let rest = companion.embedAll()
      // It waits for the end of the rest.
      await room.clock.sleepers(atLeast: 1)
      room.clock.advance(by: .seconds(39))
      #expect(requests.withLock(\.self) == 4)
      room.clock.advance(by: .seconds(1))
      let last = await rest
      #expect(last.end == .complete && last.embedded == 24)
      #expect(requests.withLock(\.self) == 7)
      try await room.expectOwnVectors(of: texts) { _ in true }
    }
  }

  @Test(arguments: [
    (401, ProviderFailure.Kind.authentication), (404, .modelNotFound), (402, .quotaExhausted),
    (503, .overloaded),
    (500, .serverError), (400, .invalidRequest),
  ])
  func `a server that fails at everything parks nothing, and when it is well again all is embedded`(
    status: Int, kind: ProviderFailure.Kind
  ) async throws {
    let isDown = Mutex(false)
    let server = try LoopbackServer { request, connection in
      if isDown.withLock(\.self) {
        try connection.respond(status, [:], OpenAIScript.error("no"))
      } else {
        try connection.respond(200, [:], EmbeddingScript.answer(to: try EmbeddingScript.texts(of: request)))
      }
    }
    try await Self.run(on: server) { room in
      let texts = (1...20).map { "text \($0)" }
      try await room.put(["text 0"], named: 0)
      _ = await room.companion.embedAll()
      isDown.withLock { $0 = true }
      try await room.put(texts)
      let run = await room.companion.embedAll()
      guard case .serviceFailed(let failure) = run.end else {
        Issue.record("\(run.end)")
        return
      }
      #expect(failure.kind == kind)
      #expect(try await room.companion.failedEmbeddings(in: room.space) == [])
      isDown.withLock { $0 = false }
      // Longer than any breaker is open.
      room.clock.advance(by: .seconds(3_600))
      #expect(await room.companion.embedAll().embedded == 20)
      try await room.expectOwnVectors(of: texts) { _ in true }
    }
  }

  @Test func `a server whose model is another one now has a space of its own`() async throws {
    let dimension = Mutex(EmbeddingScript.dimension)
    let server = try LoopbackServer { request, connection in
      let texts = try EmbeddingScript.texts(of: request)
      let items = texts.enumerated().map { index, text in
        let vector = EmbeddingScript.vector(of: text, dimension: dimension.withLock(\.self))
        return EmbeddingScript.item(index, EmbeddingScript.numbers(vector))
      }
      try connection.respond(200, [:], EmbeddingScript.answer(items: items))
    }
    try await Self.run(on: server) { room in
      try await room.put((1...20).map { "text \($0)" })
      #expect(await room.companion.embedAll().embedded == 20)
      dimension.withLock { $0 = 48 }
      try await room.put(["text 21"], named: 21)
      let run = await room.companion.embedAll()
      #expect(run.end == .complete && run.embedded == 21 && run.space?.dimension == 48)
      #expect(try await room.coverage() == EmbeddingCoverage(embedded: 20, waiting: 1))
    }
  }

  // MARK: The server

  private static func run(
    bad flaw: Flaw = .serverError, form: Form = .inOrder, batchSize: Int = 8,
    _ body: (Room) async throws -> Void
  ) async throws {
    let asked = Asked()
    let server = try LoopbackServer { request, connection in
      let texts = try EmbeddingScript.texts(of: request)
      asked.note(texts)
      if let place = texts.firstIndex(where: { $0.hasPrefix("bad") }) {
        try flaw.act(on: texts, at: place, connection) { asked.stall() }
      } else {
        try form.answer(texts, connection)
      }
    }
    try await run(on: server, asked, batchSize: batchSize, body)
  }

  /// - Parameter passesTime: whether time passes while somebody waits for a provider.
  private static func run(
    on server: LoopbackServer, _ asked: Asked = Asked(), batchSize: Int = 8, passesTime: Bool = true,
    _ body: (Room) async throws -> Void
  ) async throws {
    let room = try Room(server, asked, batchSize: batchSize)
    // Who waits for an answer that does not come gives up by the clock.
    let patience = Task {
      for await _ in asked.stalls { room.clock.advance(by: CompanionConfiguration().embedding.callDeadline) }
    }
    defer { patience.cancel() }
    let passing = Task {
      while passesTime, !Task.isCancelled {
        // One waits for the end of the call's patience, one for a provider.
        await room.clock.sleepers(atLeast: 2)
        if let next = room.clock.nextDeadline { room.clock.advance(to: next) }
      }
    }
    defer { passing.cancel() }
    try await body(room)
  }
}

/// What a server was asked for.
private final class Asked: Sendable {
  let stalls: AsyncStream<Void>
  private let stalled: AsyncStream<Void>.Continuation
  private let counts = Mutex<[String: Int]>([:])

  init() { (stalls, stalled) = AsyncStream.makeStream() }

  /// How often for each text.
  var texts: [String: Int] { counts.withLock(\.self) }

  func note(_ texts: [String]) {
    counts.withLock { counts in for text in texts { counts[text, default: 0] += 1 } }
  }

  func stall() { stalled.yield() }
}

/// A companion whose documents are embedded by a server, at a time that stands still.
private struct Room {
  let clock = FakeClock()
  let companion: Companion
  let space: EmbeddingSpace
  private let store: InMemoryStore
  private let requests: Asked

  private static let scope = MemoryScope.workspace(.main)

  init(_ server: LoopbackServer, _ asked: Asked, batchSize: Int) throws {
    let service = OpenAICompatibleEmbeddings(
      baseURL: server.url("/v1"), model: "m", transport: URLSessionTransport(), time: clock)
    requests = asked
    space = EmbeddingSpace(model: service.identity, dimension: EmbeddingScript.dimension)
    store = InMemoryStore(time: clock)
    var configuration = CompanionConfiguration()
    configuration.embedding.batchSize = batchSize
    companion = try Companion(
      providers: [Provider("server", services: ProviderServices(embeddings: service))], store: store,
      configuration: configuration, time: clock)
  }

  /// How often the server was asked for each text.
  var asked: [String: Int] { requests.texts }

  static func source(_ number: Int) -> RecallSource { .document(DocumentID(bits: UInt128(number))) }

  /// Puts documents with numbers for names.
  func put(_ texts: [String], named first: Int = 1) async throws {
    let documents = texts.enumerated().map { place, text in
      Document(
        id: DocumentID(bits: UInt128(first + place)), scope: Self.scope, text: text, createdAt: clock.now)
    }
    try await store.commit(ChangeSet(documents.map { .putDocument($0) }))
  }

  func coverage() async throws -> EmbeddingCoverage? { try await store.embeddingCoverage(in: space) }

  /// Looks whether the documents are found by their own vectors, and nothing else is found.
  func expectOwnVectors(of texts: [String], where isGood: (String) -> Bool) async throws {
    for (place, text) in texts.enumerated() {
      let found = try await store.nearest(
        to: EmbeddingScript.vector(of: text), in: space, scopes: [Self.scope],
        matching: RecallFilter(kinds: [.document]), by: .cosine, limit: 1)
      let isFound = found.first?.source == Self.source(place + 1) && found[0].similarity > 0.9999
      #expect(isFound == isGood(text), "\(text): \(found)")
    }
  }
}

// MARK: - What servers do

extension EmbeddingLoopbackTests.Flaw {
  /// Answers a request whose text at a place is bad.
  fileprivate func act(
    on texts: [String], at place: Int, _ connection: LoopbackConnection, onStall: () -> Void
  ) throws {
    var items = texts.enumerated().map { index, text in
      EmbeddingScript.item(index, EmbeddingScript.numbers(EmbeddingScript.vector(of: text)))
    }
    let numbers = EmbeddingScript.vector(of: texts[place]).map(\.description)
    /// Puts something in the place of a number of the bad text's vector.
    func number(_ text: String) -> String { "[\((numbers.dropLast() + [text]).joined(separator: ","))]" }
    switch self {
    case .serverError: return try connection.respond(500, [:], OpenAIScript.error("oops"))
    case .invalid: return try connection.respond(400, [:], OpenAIScript.error("not this"))
    case .tooLarge: return try connection.respond(413, [:], OpenAIScript.error("too much"))
    case .cutBefore: return connection.cut()
    case .cutWithin:
      try connection.head(200, ["Content-Type": "application/json"])
      try connection.chunk(#"{"object":"list","data":["#)
      return connection.cut()
    case .stalls:
      onStall()
      return try connection.stall()
    case .short: items.removeLast()
    case .long: items.append(EmbeddingScript.item(texts.count, number("1")))
    case .none: items = []
    case .null: items[place] = EmbeddingScript.item(place, number("null"))
    case .notANumber: items[place] = EmbeddingScript.item(place, number("NaN"))
    case .infinite: items[place] = EmbeddingScript.item(place, number("1e39"))
    case .nested: items[place] = EmbeddingScript.item(place, "[\(number("1"))]")
    case .text: items[place] = EmbeddingScript.item(place, #""no bytes!""#)
    case .noBytes: items[place] = EmbeddingScript.item(place, #""AAAAAAA=""#)
    case .otherDimension:
      items[place] = EmbeddingScript.item(place, "[\(numbers.dropLast().joined(separator: ","))]")
    case .noNumbers: items[place] = EmbeddingScript.item(place, "[]")
    case .twice: items.append(items[place])
    case .noSuchIndex: items[place] = EmbeddingScript.item(texts.count, number("1"))
    case .negativeIndex: items[place] = EmbeddingScript.item(-1, number("1"))
    case .halfNumbered:
      items[place] = EmbeddingScript.item(nil, number("1"))
      // Alone, it would be taken for the first.
      if texts.count == 1 { items.append(EmbeddingScript.item(0, number("1"))) }
    case .notJSON: return try connection.respond(200, [:], "no vectors today")
    case .cutJSON:
      return try connection.respond(200, [:], String(EmbeddingScript.answer(items: items).dropLast(9)))
    case .webPage: return try connection.respond(200, ["Content-Type": "text/html"], "<p>Welcome</p>")
    case .nothing: return try connection.respond(200, [:], "")
    case .otherJSON: return try connection.respond(200, [:], #"{"embeddings":[[1,2,3]]}"#)
    }
    try connection.respond(200, [:], EmbeddingScript.answer(items: items))
  }

  /// What the reason for parking says.
  fileprivate var reason: String {
    switch self {
    case .serverError: "oops"
    case .invalid: "not this"
    case .tooLarge: "too much"
    case .cutBefore, .cutWithin: "connection to the model was lost"
    case .stalls: "did not answer in time"
    case .otherDimension: "has 31 numbers, not 32"
    default: "not a valid answer"
    }
  }
}

extension EmbeddingLoopbackTests.Form {
  /// Answers as it should be.
  fileprivate func answer(_ texts: [String], _ connection: LoopbackConnection) throws {
    let items = texts.enumerated().map { index, text in
      let vector = EmbeddingScript.vector(of: text)
      return EmbeddingScript.item(
        self == .notNumbered ? nil : index,
        self == .base64 ? EmbeddingScript.base64(vector) : EmbeddingScript.numbers(vector))
    }
    let answer = EmbeddingScript.answer(items: self == .turnedAround ? items.reversed() : items)
    guard self == .inPieces else { return try connection.respond(200, [:], answer) }
    try connection.head(200, ["Content-Type": "application/json"])
    try connection.chunk(answer, inPiecesOf: 100)
    try connection.finish()
  }
}
