package import CompanionDomain

/// A conversation whose prompts are compiled turn by turn, as they would be sent, and how much of each prompt's beginning
/// the next one repeats.
///
/// Memories, tasks, files, failures and the time change with every turn; the persona and the tools of a companion with a
/// workspace stay. Every fifth turn calls a tool.
package struct PromptConversation: Sendable {
  /// How much stays the same from each prompt to the next: of the bytes of one up to the end of its history (tools first,
  /// then messages), the part with which the next one begins.
  package struct Figures: Hashable, Sendable {
    /// One for each pair of neighbours.
    package fileprivate(set) var shares: [Double] = []
    /// The messages of the history that were sent, for each prompt.
    package fileprivate(set) var sent: [Int] = []
    /// The bytes up to the end of the history, for each prompt.
    package fileprivate(set) var bytes: [Int] = []
    /// The most tokens of a prompt.
    package fileprivate(set) var mostTokens = 0
    /// How many summaries were made.
    package fileprivate(set) var summaries = 0
    /// The mean of the shares.
    package var mean: Double { shares.reduce(0, +) / Double(max(shares.count, 1)) }
    /// The smallest of them.
    package var minimum: Double { shares.min() ?? 1 }
    /// How often less than all stayed the same.
    package var moves: Int { shares.count { $0 < 1 } }
  }

  /// How many prompts are compiled.
  package var turns = 200
  /// By what the words of messages are multiplied: 5 to 25 of the person, 20 to 60 of the companion.
  package var wordiness = 1
  /// Whether summaries are made when they are due, each a turn late; else none ever is.
  package var isSummarized = true
  /// What prompts may have.
  package var budget = PromptBudget.standard

  private var random = SplitMix64(seed: 7)
  private var log: [ChatMessage] = []

  /// A conversation of 200 turns.
  package init() {}

  /// Has the conversation.
  package func run(countedBy count: @escaping (String) -> Int) throws(PromptBudgetFailure) -> Figures {
    var conversation = self
    return try conversation.figures(count)
  }

  private mutating func figures(_ count: @escaping (String) -> Int) throws(PromptBudgetFailure) -> Figures {
    let compiler = PromptCompiler(budget: budget)
    let builder = PromptContextBuilder(Self.base)
    var figures = Figures()
    var (summary, next): (ConversationSummary?, ConversationSummary?)
    var last: (bytes: [UInt8], end: Int)?
    for turn in 0..<turns {
      say(.user, 5...25)
      guard let question = log.last else { break }
      var context = builder.context(answering: question, window: log, summary: summary)
      change(&context, turn)
      let prompt = try compiler.compile(context, countedBy: count)
      figures.sent.append(prompt.messages.count - 2)
      figures.mostTokens = max(figures.mostTokens, prompt.tokens)
      let now = Self.bytes(of: prompt)
      figures.bytes.append(now.end)
      if let last {
        let same = zip(last.bytes[..<last.end], now.bytes).prefix { $0 == $1 }.count
        figures.shares.append(Double(same) / Double(last.end))
      }
      last = now
      if let ready = next {
        // The one that was due comes while the answer to the next message is written.
        (summary, next) = (ready, nil)
      } else if isSummarized, let due = prompt.summaryDue {
        let covered = log.filter { $0.sequence <= due }
        next = SummaryMaterial(previous: summary, messages: covered)?.summary(answer: words(60...90))
        figures.summaries += 1
      }
      if turn % 5 == 4 { call() }
      say(.assistant, 20...60)
    }
    return figures
  }

  /// All bytes of a prompt in the order in which they are sent, and where its history ends: before the message with what
  /// is of this turn.
  private static func bytes(of prompt: CompiledPrompt) -> (bytes: [UInt8], end: Int) {
    let tools = prompt.tools.map { "\($0.name)\n\($0.summary)\n\($0.parameters.plainText)\n" }
    let messages = prompt.messages.map { "\($0.role)\n\($0.parts)\n" }
    let beginning = (tools + messages.dropLast()).joined()
    return (Array((beginning + (messages.last ?? "")).utf8), beginning.utf8.count)
  }

  /// What is of one turn alone.
  private mutating func change(_ context: inout PromptContext, _ turn: Int) {
    context.time = Timestamp(nanosecondsSinceEpoch: 1_700_000_000_000_000_000 + Int64(turn) * 60_000_000_000)
    context.recalled = (0..<random.next(below: 6)).map {
      PromptExcerpt(source: "memory \($0)", text: words(10...30))
    }
    if turn % 3 > 0 { context.tasks = [PromptExcerpt(source: "task", text: "\(turn % 100) % done")] }
    if turn % 4 == 0 { context.files = [PromptExcerpt(source: "notes.md", text: words(50...400))] }
    if turn % 11 == 10 { context.failure = PromptFailure("timeout \(turn)", retries: 1) }
  }

  private mutating func words(_ range: ClosedRange<Int>) -> String {
    let count = range.lowerBound + random.next(below: range.count)
    return (0..<count).map { _ in Self.vocabulary[random.next(below: Self.vocabulary.count)] }
      .joined(separator: " ") + "."
  }

  private mutating func say(_ role: ChatMessage.Role, _ range: ClosedRange<Int>) {
    append(role, [.text(words(range.lowerBound * wordiness...range.upperBound * wordiness))])
  }

  private mutating func call() {
    let id = "call_\(log.count)"
    append(.assistant, [.toolCall(ToolCall(id: id, name: "read_file", arguments: #"{"path":"notes.md"}"#))])
    let content = words(20 * wordiness...60 * wordiness)
    append(.tool, [.toolResult(ToolResult(callID: id, outcome: .succeeded, content: content))])
  }

  private mutating func append(_ role: ChatMessage.Role, _ parts: [MessagePart]) {
    log.append(
      ChatMessage(
        sequence: SequenceNumber(rawValue: Int64(log.count + 1)), turn: TurnID(bits: 0), role: role,
        parts: parts, time: .epoch, origin: role == .user ? .person : .model))
  }
}

extension PromptConversation {
  private static let base = PromptContext(
    persona: """
      You are Mio, a companion who has known the person for a long time. You are warm, curious and honest, and you \
      would rather ask once more than guess. You speak plainly, in short sentences, and you never flatter. You remember \
      what was important to the person and come back to it when it helps, without making a show of it. When there is \
      work to do, you say what you are going to do, do it, and say what came of it. When something cannot be done, you \
      say so at once, with the reason, and offer what can be done instead. You do not pretend to have a body, a past or \
      feelings that you do not have, and you do not lecture. You keep to the language that the person writes in.
      """,
    message: "",
    rules: [
      "Answer in at most five sentences unless you are asked for more.",
      "Never give medical, legal or financial advice as if you were sure of it.",
      "Ask before anything is changed or deleted.", "Say where a fact is from when it is from a file.",
    ],
    tools: [
      (
        "list_files",
        "Lists the files of a folder of the workspace, with their sizes and when they were changed."
      ),
      ("read_file", "Reads a text file of the workspace, or the lines of it that are asked for."),
      ("search_files", "Finds the lines of files that contain a text, with the names and numbers of lines."),
      (
        "write_file",
        "Writes a new file, or replaces all of one. The person is asked before anything is written."
      ),
      ("edit_file", "Replaces a text that stands in a file exactly once by another one."),
      ("delete_file", "Deletes a file of the workspace. The person is asked before anything is deleted."),
    ].map { name, summary in
      ToolDescription(
        name: name, summary: summary,
        parameters: [
          "type": "object",
          "properties": [
            "path": [
              "type": "string",
              "description": "Where it is, from the workspace's root, such as notes/plan.md.",
            ]
          ], "required": ["path"], "additionalProperties": false,
        ])
    },
    profile: [
      PromptExcerpt(source: "host", text: "Anna, 34, a baker in Kyoto who comes from Graz."),
      PromptExcerpt(source: "host", text: "Her sister is called Mia, and her cat Bruno."),
      PromptExcerpt(source: "host", text: "She is learning Japanese and wants to be corrected."),
    ])

  private static let vocabulary = """
    the a of to and in is it that was for on with as at by this have from or one had but not what all were when we there \
    can an your which their said if do will each about how up out them then she many some so these would other into has \
    more her two like him see time could no make than first been its who now people my made over did down only way find \
    use may water long little very after words called just where most know bread flour oven morning sister garden market \
    letter train window kitchen music winter summer mountain river question answer Tuesday evening neighbour recipe
    """.split(separator: " ").map(String.init)
}
