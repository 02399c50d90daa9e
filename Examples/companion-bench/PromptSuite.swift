import CompanionKit
import CompanionTesting
import ExampleSupport
import Foundation

/// Prompts: whether random ones keep to their budgets, what a compile takes, and how much of a prompt
/// stays the same from turn to turn.
struct PromptSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  func run() throws {
    try checkRandomPrompts(count: options.count ?? 10_000)
    for limit in [8_000, 128_000] { try measure(limit: limit) }
    for (limit, wordiness) in [(8_000, 1), (8_000, 2), (16_000, 2)] {
      try measureStability(limit: limit, wordiness: wordiness)
    }
  }

  /// Every budget is kept to, every prompt comes out the same twice, or the suite fails.
  private func checkRandomPrompts(count: Int) throws {
    let estimator = TokenEstimator()
    let check = PromptCheck { estimator.tokens(in: $0) }
    var refused = 0
    let time = try ContinuousClock().measure {
      for seed in 0..<UInt64(count) {
        do throws(PromptCheck.Violation) {
          if try check(RandomPrompt(seed: seed)) == .refused { refused += 1 }
        } catch {
          throw BenchmarkError(message: "seed \(seed): \(error)")
        }
      }
    }
    report.figure("prompt", "\(count) random prompts, each twice", "violations", 0, "prompts")
    report.figure(
      "prompt", "of these refused, since what is pinned does not fit", "refused", Double(refused), "prompts")
    report.figure(
      "prompt", "each, made, compiled twice and counted again", "check_ms", time.milliseconds / Double(count),
      "ms")
  }

  /// How much of a prompt up to the end of its history the next turn's prompt begins with, over 200 turns.
  private func measureStability(limit: Int, wordiness: Int) throws {
    let estimator = TokenEstimator()
    var conversation = PromptConversation()
    conversation.wordiness = wordiness
    conversation.budget = PromptBudget(
      limit: limit, reservedOutput: 1_000, margin: PromptBudget.standard.margin)
    for isSummarized in [true, false] {
      conversation.isSummarized = isSummarized
      let figures = try conversation.run { estimator.tokens(in: $0) }
      let name =
        "identical from turn to turn, \(limit) tokens, \(15 * wordiness) and \(40 * wordiness) words a message"
        + (isSummarized ? "" : ", no summaries")
      report.figure("prompt", name, "prefix_identical", figures.mean, "fraction")
      report.figure("prompt", "the least of them", "prefix_identical", figures.minimum, "fraction")
    }
  }

  /// A prompt that uses up its budget, beside joining and counting what it sends.
  private func measure(limit: Int) throws {
    let estimator = TokenEstimator()
    let context = Self.context(limit: limit)
    let compiler = PromptCompiler(budget: PromptBudget(limit: limit))
    let prompt = try compiler.compile(context, counter: estimator)
    let name = "\(prompt.tokens) of \(limit) tokens"
    var compiles: [Double] = []
    var counts: [Double] = []
    for _ in 0..<60 {
      compiles.append(
        try ContinuousClock().measure { _ = try compiler.compile(context, counter: estimator) }.milliseconds)
      counts.append(ContinuousClock().measure { _ = Self.count(prompt, by: estimator) }.milliseconds)
    }
    report.figure("prompt", "compile, \(name), median", "compile_ms", compiles.percentile(0.5), "ms")
    report.figure("prompt", "the same, p95", "compile_ms", compiles.percentile(0.95), "ms")
    report.figure(
      "prompt", "comparison: the same messages joined and counted, median", "count_ms",
      counts.percentile(0.5), "ms")
  }

  /// Twice what fits, in equal parts of talk, memories and files.
  private static func context(limit: Int) -> PromptContext {
    var talk = SyntheticTalk()
    let sentences = talk.sessions(count: 2_000, user: .user).flatMap(\.messages).map(\.text)
    var place = 0
    func text(tokens: Int) -> String {
      var text = ""
      while text.utf8.count < tokens * 4 {
        text += sentences[place % sentences.count] + " "
        place += 1
      }
      return text
    }
    let part = limit * 2 / 3
    return PromptContext(
      persona: text(tokens: 200), message: text(tokens: 30),
      history: (1...max(part / 60, 2)).map { number in
        ChatMessage(
          sequence: SequenceNumber(rawValue: Int64(number)), turn: TurnID(bits: 0),
          role: number.isMultiple(of: 2) ? .assistant : .user, parts: [.text(text(tokens: 60))],
          time: Timestamp(nanosecondsSinceEpoch: 0), origin: number.isMultiple(of: 2) ? .model : .person)
      },
      recalled: (1...max(part / 100, 1)).map {
        PromptExcerpt(source: "memory \($0)", text: text(tokens: 100))
      },
      files: (1...4).map { PromptExcerpt(source: "file\($0).md", text: text(tokens: part / 4)) },
      time: Timestamp(nanosecondsSinceEpoch: 0))
  }

  private static func count(_ prompt: CompiledPrompt, by estimator: TokenEstimator) -> Int {
    estimator.tokens(in: prompt.messages.map(\.text).joined(separator: "\n"))
  }
}
