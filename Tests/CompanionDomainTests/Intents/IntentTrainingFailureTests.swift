import CompanionDomain
import Testing

struct IntentTrainingFailureTests {
  private static func labels(_ names: String...) -> [IntentLabel] {
    names.map { IntentLabel(name: $0, profile: .information, complexity: .low) }
  }

  private static let examples = [
    IntentExample("one of a", label: "a"), IntentExample("two of a", label: "a"),
    IntentExample("one of b", label: "b"), IntentExample("two of b", label: "b"),
  ]

  private static func failure(
    of examples: [IntentExample], _ labels: [IntentLabel]
  ) async -> IntentTrainingFailure? {
    do throws(IntentTrainingFailure) {
      _ = try await IntentClassifier.train(on: examples, labels: labels)
      return nil
    } catch {
      return error
    }
  }

  @Test func `fewer than two labels, or too many, are refused`() async {
    #expect(await Self.failure(of: [], []) == .unsupportedLabelCount(0))
    #expect(await Self.failure(of: Self.examples, Self.labels("a")) == .unsupportedLabelCount(1))
    let many = (0...1000).flatMap { Self.labels("\($0)") }
    #expect(await Self.failure(of: [], many) == .unsupportedLabelCount(1001))
  }

  @Test func `a label has one name, and examples of its own`() async {
    #expect(await Self.failure(of: Self.examples, Self.labels("a", "b", "a")) == .repeatedLabel("a"))
    #expect(await Self.failure(of: [], Self.labels("a", "b")) == .tooFewExamples(label: "a", count: 0))
    #expect(
      await Self.failure(of: Array(Self.examples.dropLast()), Self.labels("a", "b"))
        == .tooFewExamples(label: "b", count: 1))
    #expect(
      await Self.failure(of: Self.examples, Self.labels("a", "c")) == .undeclaredLabel("b", place: 2))
    #expect(await Self.failure(of: Self.examples, Self.labels("a", "b")) == nil)
  }

  @Test(arguments: ["", " \n", "?!"])
  func `an example that says nothing is named`(text: String) async {
    let examples = Self.examples + [IntentExample(text, label: "a")]
    #expect(await Self.failure(of: examples, Self.labels("a", "b")) == .emptyText(place: 4))
  }

  @Test func `what would take too much memory is refused before it is read`() async {
    let labels = (0..<1000).flatMap { Self.labels("\($0)") }
    let example = IntentExample("a", label: nil)
    #expect(
      await Self.failure(of: Array(repeating: example, count: 32_001), labels)
        == .tooMuch(examples: 32_001, labels: 1000))
    let long = IntentExample(String(repeating: "a ", count: 2000), label: nil)
    #expect(
      await Self.failure(of: Array(repeating: long, count: 4000), Self.labels("a", "b"))
        == .tooMuch(examples: 4000, labels: 2))
  }

  @Test func `a task that was cancelled trains nothing`() async {
    let failure = await withTaskGroup(of: IntentTrainingFailure?.self) { group in
      group.addTask {
        withUnsafeCurrentTask { $0?.cancel() }
        return await Self.failure(of: Self.examples, Self.labels("a", "b"))
      }
      return await group.next() ?? nil
    }
    #expect(failure == .cancelled)
  }

  @Test func `each says what to do`() {
    let failures: [(IntentTrainingFailure, String)] = [
      (.unsupportedLabelCount(1), "from 2 to 1000"), (.repeatedLabel("x"), "\"x\""),
      (.undeclaredLabel("x", place: 3), "Example 3"), (.emptyText(place: 3), "leave it out"),
      (.tooFewExamples(label: "x", count: 1), "1 example; give it 2"),
      (.tooMuch(examples: 9, labels: 8), "9 examples of 8 labels"), (.cancelled, "cancelled"),
    ]
    for (failure, part) in failures { #expect(failure.description.contains(part), "\(failure)") }
  }
}
