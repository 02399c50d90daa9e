import CompanionKit
import ExampleSupport

/// The command about what background tasks ask, as text.
struct QuestionCommands {
  let companion: Companion
  /// How long tasks may take to come to what they ask, and to go on when they are answered.
  let patience: Duration
  /// What a person has been asked, who can only have meant that; `nil` where a script answers what comes.
  let board: TaskBoard?

  /// Answers what is asked.
  ///
  /// - Parameter words: the end of the name of what is answered, and the answer; the answer alone where one thing is
  ///   asked; none, to list what is asked.
  func answer(_ words: [String]) async throws -> String {
    let open = try await open()
    guard let first = words.first else { return list(open) }
    let named = first.count < Self.shortLength ? [] : open.filter { $0.task.rawValue.hasSuffix(first) }
    let text = words.dropFirst(named.isEmpty ? 0 : 1).joined(separator: " ")
    let question = try onlyOne(of: named.isEmpty ? open : named)
    guard !text.isEmpty else { throw UsageError("What is the answer? /answer ID TEXT gives it.") }
    try await companion.answer(question, with: text)
    _ = try await companion.drainTasks(limit: patience)
    return "Answered: \(question.text.singleLine)"
  }

  private func list(_ open: [TaskQuestion]) -> String {
    guard !open.isEmpty else { return "Nothing is asked." }
    board?.noteShown(open.map { .question($0) })
    return open.map(Self.line).joined(separator: "\n")
  }

  /// What an answer without a name can only mean.
  private func onlyOne(of open: [TaskQuestion]) throws -> TaskQuestion {
    guard let question = open.first else { throw UsageError("Nothing is asked.") }
    let isUnread = board.map { board in !board.isRead(.question(question)) } ?? false
    guard open.count == 1, !isUnread else {
      let why =
        open.count > 1
        ? "\(open.count) things are asked. Name the one that is meant, as in /answer ID TEXT:"
        : "Nothing was answered, because this has not been asked here before:"
      throw UsageError(([why, list(open)]).joined(separator: "\n"))
    }
    return question
  }

  /// What is asked; where nothing is, and tasks are worked on, what they come to ask.
  private func open() async throws -> [TaskQuestion] {
    let open = try await companion.questions()
    guard open.isEmpty else { return open }
    _ = try await companion.drainTasks(limit: patience)
    return try await companion.questions()
  }

  // MARK: Words

  /// A line that asks a person.
  static func line(_ question: TaskQuestion) -> String {
    "[question \(shortName(of: question))] \(question.text.singleLine) /answer TEXT answers."
  }

  /// As much of a name as tells it from the others, mostly.
  static func shortName(of question: TaskQuestion) -> String {
    String(question.task.rawValue.suffix(shortLength))
  }

  private static let shortLength = 6
}
