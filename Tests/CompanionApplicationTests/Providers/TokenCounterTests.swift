import CompanionDomain
import CompanionPorts
import Testing

struct TokenCounterTests {
  /// A host's own counter: each scalar is a token.
  private struct ScalarCounter: TokenCounter {
    func tokens(in text: String) -> Int { text.unicodeScalars.count }
  }

  @Test func `any counter cuts a text to its limit`() {
    let text = "It rained. Then the sun came out."
    #expect(ScalarCounter().cut(text, toTokens: 33) == text)
    #expect(ScalarCounter().cut(text, toTokens: 14) == "It rained.")
    let estimator: any TokenCounter = TokenEstimator()
    let memory = String(repeating: text + " ", count: 200)
    let kept = estimator.cut(memory, toTokens: 300)
    #expect(kept.hasSuffix("."))
    #expect((280...300).contains(estimator.tokens(in: kept)))
  }
}
