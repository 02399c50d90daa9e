import CompanionKit
import ExampleSupport
import Foundation

/// What it costs to remember a new message, as the history grows: calls of the model and tokens, beside what they
/// would be if the whole history were read each time.
struct MemoryGrowthSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  /// How many messages are new in a run, and how many runs are measured.
  private static let messagesInRun = 20
  private static let runs = 10

  func run() async throws {
    let most = options.count ?? 100_000
    report.note(
      """
      The offline model forms the memories. Tokens are those of the requests that any model would be sent, and of its \
      answers, as they are estimated. All of the history has been read through the library, in batches as usual.
      """)
    var conversation = try await GrowingConversation(messages(most), options)
    defer { conversation.removeFiles() }
    for count in [most / 100, most / 10, most] where count > 0 {
      let clock = ContinuousClock()
      let start = clock.now
      let before = conversation.count
      try await conversation.grow(to: count)
      try await conversation.remember()
      let time = (clock.now - start).milliseconds
      let name = "\(options.store.rawValue), a history of \(count) messages"
      report.figure(
        "memory-growth", "reading messages \(before + 1) to \(count), \(options.store.rawValue)", "build_s",
        time / 1_000, "s")
      report.note(
        "That is \(String(format: "%.3f", time / Double(max(1, count - before)))) ms for each message.")
      try await measure(&conversation, name)
    }
  }

  private func measure(_ conversation: inout GrowingConversation, _ name: String) async throws {
    let history = conversation.tokens
    var calls = 0
    var tokens = 0
    for _ in 1...Self.runs {
      try await conversation.grow(to: conversation.count + Self.messagesInRun)
      let run = try await conversation.remember()
      calls += run.calls
      tokens += run.inputTokens + run.outputTokens
    }
    let new = Double(Self.runs * Self.messagesInRun)
    report.figure("memory-growth", name, "calls_per_message", Double(calls) / new, "calls")
    report.figure("memory-growth", name, "tokens_per_message", Double(tokens) / new, "tokens")
    report.figure(
      "memory-growth", "if each of these calls read the whole history", "tokens_per_message",
      Double(calls * history) / new, "tokens")
    let idle = try await conversation.remember()
    report.figure(
      "memory-growth", "a run over nothing new, \(name)", "calls_per_message", Double(idle.calls), "calls")
  }

  /// What is said: every fifth message of a person is a statement about them, so that there are facts too.
  private func messages(_ most: Int) -> [ChatMessage] {
    var talk = SyntheticTalk()
    var messages = talk.sessions(count: most + 3 * Self.messagesInRun * Self.runs, user: .user)
      .flatMap(\.messages)
    for place in messages.indices.dropFirst(4) where place.isMultiple(of: 10) {
      let words = messages[place - 4].text.split(separator: " ").prefix(3).joined(separator: " ")
      let statement = Self.statements[place / 10 % Self.statements.count]
      messages[place].parts = [.text(statement.replacingOccurrences(of: "@", with: words))]
    }
    return messages
  }

  private static let statements = [
    "I moved to @.", "I like @.", "I have decided to @.", "My sister works at @.", "I am allergic to @.",
    "I plan to @.", "I hate @.", "I work as @.",
  ]
}

/// One conversation that gets longer, and a companion that remembers it without a key.
private struct GrowingConversation {
  private let companion: Companion
  private let store: any CompanionStore
  private let folder: URL
  private let session: SessionID
  private let messages: [ChatMessage]
  private let counter = TokenEstimator()
  private(set) var count = 0
  /// Of all messages so far, about.
  private(set) var tokens = 0

  init(_ messages: [ChatMessage], _ options: BenchmarkOptions) async throws {
    self.messages = messages
    folder = FileManager.default.temporaryDirectory.appending(path: "companion-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    switch options.store {
    case .memory:
      let store = InMemoryStore(time: SystemTimeSource())
      self.store = store
      companion = Companion(model: .offline, store: store)
    case .sqlite:
      let store = try await SQLiteStore(
        path: folder.appending(path: "growth.db").path, durability: .normal, time: SystemTimeSource())
      self.store = store
      companion = Companion(model: .offline, store: store)
    }
    session = try await companion.startSession().id
  }

  func removeFiles() { try? FileManager.default.removeItem(at: folder) }

  mutating func grow(to target: Int) async throws {
    while count < target {
      let new = messages[count..<min(target, count + 500)].enumerated().map { offset, message in
        var message = message
        message.sequence = SequenceNumber(rawValue: Int64(count + offset + 1))
        return message
      }
      try await store.commit(.append(new, to: session, after: SequenceNumber(rawValue: Int64(count))))
      count += new.count
      tokens += new.reduce(0) { $0 + counter.tokens(in: $1.text) }
    }
  }

  /// Remembers everything so far; in several runs where one may not make so many calls.
  @discardableResult
  func remember() async throws -> MemoryRun {
    var sum = await companion.generateMemory()
    while sum.end == .budget {
      let more = await companion.generateMemory()
      guard more.calls > 0 else { break }
      sum.end = more.end
      sum.calls += more.calls
      sum.messages += more.messages
      sum.inputTokens += more.inputTokens
      sum.outputTokens += more.outputTokens
    }
    guard sum.end == .complete else {
      throw BenchmarkError(message: "A run of memory ended as \(sum.end.rawValue).")
    }
    return sum
  }
}
