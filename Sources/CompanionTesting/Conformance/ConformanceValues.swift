import CompanionDomain
import CompanionPorts

/// Values for the checks that name only what matters.
enum Make {
  static let start = Timestamp(nanosecondsSinceEpoch: 1_772_357_400_000_000_001)

  /// An identifier for each number, in the numbers' order.
  static func id<ID: Identifier>(_ number: Int, of _: ID.Type = ID.self) -> ID {
    ID(bits: UInt128(clamping: number))
  }

  static func time(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

  static func session(_ number: Int = 1, createdAt: Timestamp = start) -> ChatSession {
    ChatSession(id: id(number), createdAt: createdAt)
  }

  static func message(_ place: Int, _ text: String = "hello", at time: Timestamp = start) -> ChatMessage {
    message(place, parts: [.text(text)], at: time)
  }

  static func message(_ place: Int, parts: [MessagePart], at time: Timestamp = start) -> ChatMessage {
    ChatMessage(
      sequence: at(place), turn: id(1), role: .user, parts: parts, time: time, origin: .person)
  }

  static func at(_ place: Int) -> SequenceNumber { SequenceNumber(rawValue: Int64(place)) }

  static func draft(_ text: String, turn: Int = 1, startedAt: Timestamp = start) -> AnswerDraft {
    AnswerDraft(turn: id(turn), startedAt: startedAt, text: text)
  }

  static func task(
    _ number: Int = 1, _ prompt: String = "a poem", createdAt: Timestamp = start,
    kind: TaskKind = .textGeneration, requester: TaskRequester = .conversation(id(1), id(1)),
    priority: GenerationTask.Priority = .normal, metadata: [String: String] = [:], key: String? = nil,
    notBefore: Timestamp? = nil, deadline: Timestamp? = nil
  ) -> GenerationTask {
    GenerationTask(
      id: id(number),
      request: TaskRequest(
        kind: kind, payload: TaskPayload(json: prompt), requester: requester, priority: priority,
        metadata: metadata, idempotencyKey: key, notBefore: notBefore, deadline: deadline),
      createdAt: createdAt)
  }

  /// The numbers of tasks that were made with one below 100.
  static func numbers(_ tasks: [GenerationTask]) -> [Int] {
    tasks.map { task in (1..<100).first { id($0) == task.id } ?? 0 }
  }

  static func lease(_ number: Int64 = 1) -> LeaseNumber { LeaseNumber(rawValue: number) }

  static func claim(
    _ worker: Int = 5, lease: Duration = .seconds(30), attemptLimit: Duration? = nil
  ) -> TaskTransition {
    .claim(by: id(worker), leaseLength: lease, attemptLimit: attemptLimit)
  }

  /// Text that careless stores change: emoji of several scalars, Japanese, right-to-left with marks, and
  /// two ways to write one letter, which are equal to Swift.
  static let texts = [
    "👩‍👩‍👧‍👦🏳️‍🌈🇯🇵", "日本語と漢字、かな", "ガ ガ", "שָׁלוֹם \u{200F}مرحبا", "\u{E9}", "e\u{301}", "\u{212B}",
    "a\u{1}b", "", " \n\r\n\t ", "'; DROP TABLE sessions; --", "\u{FEFF}\u{FFFD}\u{10FFFF}",
    "\\u0000 \"quoted\" / \u{2028}",
  ]

  /// Text of so many bytes. It comes from an array because a repeated string takes seconds to build.
  static func text(bytes count: Int) -> String {
    String(decoding: [UInt8](repeating: UInt8(ascii: "x"), count: count), as: UTF8.self)
  }

  static let textWithNUL = "a\u{0}b"
}

extension ConversationStore {
  /// A session with so many messages, one second apart.
  func begin(_ session: ChatSession = Make.session(), messages: Int = 0) async throws {
    let log = (0..<messages).map { Make.message($0 + 1, "message \($0 + 1)", at: Make.time($0 + 1)) }
    try await commit(.insertSession(session), .append(log, to: session.id, after: .zero))
  }

  func log(_ session: SessionID = Make.id(1)) async throws -> [ChatMessage] {
    try await messages(in: session, before: nil, limit: .max)
  }
}
