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
    _ number: Int = 1, _ instruction: String = "sum up", createdAt: Timestamp = start
  ) -> GenerationTask {
    GenerationTask(
      id: id(number), session: id(1), turn: id(1),
      request: GenerationTask.Request(
        instruction: instruction,
        intent: Intent(
          action: .multiStepTask, profile: .creation, complexity: .high, confidence: 0.1 + 0.2,
          files: ["a/b.txt"], entities: ["Ünï"], secondary: [.search], method: .rules)),
      createdAt: createdAt)
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

extension TaskStore {
  /// Stores a task and everything that the transitions make of it.
  @discardableResult
  func insert(_ task: GenerationTask, _ transitions: TaskTransition...) async throws -> GenerationTask {
    try await commit(.insertTask(task))
    var task = task
    for transition in transitions { task = try await update(task, transition) }
    return task
  }

  /// Stores what a transition makes of a task.
  @discardableResult
  func update(
    _ task: GenerationTask, _ transition: TaskTransition, at time: Timestamp = Make.start
  ) async throws -> GenerationTask {
    let next = try task.applying(transition, at: time)
    try await commit(.updateTask(next))
    return next
  }
}
