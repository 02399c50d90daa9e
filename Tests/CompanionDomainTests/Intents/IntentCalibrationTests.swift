import Testing

@testable import CompanionDomain

struct IntentCalibrationTests {
  private static func outcome(
    _ score: Float, margin: Float = 1, isRight: Bool = true, isOfLabel: Bool = true
  ) -> IntentCalibration.Outcome {
    .init(score: score, margin: margin, isRight: isRight, isOfLabel: isOfLabel)
  }

  @Test func `typicality is the part of the held out that score less`() {
    let calibration = IntentCalibration(from: [3, 1, 2, 5, 4].map { Self.outcome($0) })
    #expect(
      [0, 1, 2, 3, 4, 5, 6].map { calibration.typicality(score: $0) } == [0, 0, 0.25, 0.5, 0.75, 1, 1])
    #expect(calibration.typicality(score: 2.5) == 0.375)
    #expect(calibration.typicality(score: -.infinity) == 0)
    #expect(calibration.typicality(score: .infinity) == 1)
  }

  @Test func `typicality takes no account of what is of no label`() {
    let outcomes = [1, 2].map { Self.outcome($0) } + [9].map { Self.outcome($0, isOfLabel: false) }
    #expect(IntentCalibration(from: outcomes).typicality(score: 2) == 1)
  }

  @Test func `of many scores a thousand are kept, and typicality hardly changes`() {
    let calibration = IntentCalibration(from: (0..<20_000).map { Self.outcome(Float($0)) })
    #expect(calibration.scores.count == 1024)
    for score in stride(from: 0, to: 20_000, by: 137) {
      #expect(abs(calibration.typicality(score: Float(score)) - Double(score) / 20_000) < 0.002)
    }
  }

  @Test func `confidence is the part that is right`() {
    // The odds are those of a known rule; which of the outcomes are right is drawn.
    var random = SplitMix64(seed: 9)
    let outcomes = (0..<20_000).map { _ in
      let score = Float.random(in: -1...1, using: &random)
      let margin = Float.random(in: 0...2, using: &random)
      let chance = ElementaryFunctions.logistic(2 * Double(score) + 3 * Double(margin) - 1)
      return Self.outcome(score, margin: margin, isRight: Double.random(in: 0..<1, using: &random) < chance)
    }
    let calibration = IntentCalibration(from: outcomes)
    for (found, expected) in zip(calibration.odds, [2.0, 3, -1]) { #expect(abs(found - expected) < 0.25) }
    let expected = ElementaryFunctions.logistic(2 * 0.5 + 3 * 0.5 - 1)
    #expect(abs(calibration.confidence(score: 0.5, margin: 0.5) - expected) < 0.02)
  }

  @Test(arguments: [true, false])
  func `what is always right, or always wrong, is not quite sure`(isRight: Bool) {
    let outcomes = (0..<100).map { Self.outcome(Float($0) / 100, isRight: isRight) }
    let calibration = IntentCalibration(from: outcomes)
    let confidence = calibration.confidence(score: 0.5, margin: 1)
    #expect(isRight ? confidence > 0.9 && confidence < 1 : confidence > 0 && confidence < 0.1)
  }

  @Test func `the greater the margin, the surer, even of few`() {
    let calibration = IntentCalibration(from: [
      Self.outcome(1), Self.outcome(0.5, margin: 0.1, isRight: false),
    ])
    let confidences = [-1, 0, 0.5, 1, 2].map { calibration.confidence(score: 0.7, margin: $0) }
    #expect(confidences == confidences.sorted())
    #expect(confidences[0] < 0.5 && confidences[4] > 0.5)
  }
}
