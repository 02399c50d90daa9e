import CompanionDomain
import CompanionTesting
import Testing

struct PromptCheckTests {
  @Test(arguments: 0..<4)
  func `random prompts never exceed their budget, and come out the same twice`(part: Int) throws {
    let estimator = TokenEstimator()
    let check = PromptCheck { estimator.tokens(in: $0) }
    var fits = 0
    for seed in part * 40..<(part + 1) * 40 {
      do throws(PromptCheck.Violation) {
        if try check(RandomPrompt(seed: UInt64(seed))) == .fits { fits += 1 }
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
    // Both kinds are there.
    #expect((4...36).contains(fits))
  }

  @Test func `a counter that counts joined texts for more than their parts is kept to as well`() throws {
    let check = PromptCheck { text in text.utf8.count / 4 + (text.utf8.count * text.utf8.count) / 4_000 }
    for seed in 0..<15 as Range<UInt64> { _ = try check(RandomPrompt(seed: seed)) }
  }

  @Test func `a counter that says nothing sensible is kept to as well`() throws {
    let check = PromptCheck(perMessage: 0) { text in text.utf8.count.isMultiple(of: 7) ? 900 : 0 }
    for seed in 0..<15 as Range<UInt64> { _ = try check(RandomPrompt(seed: seed)) }
  }
}
