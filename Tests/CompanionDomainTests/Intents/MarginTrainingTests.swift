import Testing

@testable import CompanionDomain

struct MarginTrainingTests {
  @Test func `it comes to the planes that a calculation gives`() {
    // One example has the only feature, of weight w, the other has none; each has the bias b. The costs are 6 for a
    // class's own example, and 2 for the other. At the least of (w² + b²) / 2 + 6 (1 - w - b)² + 2 (1 + b)², the
    // part of the first is 108/77 = w, and that of the second 148/77 = w - b. With the classes exchanged, w + b is
    // what must be below -1, and the parts are 100/69 = -w and 156/69 = b - w.
    var training = MarginTraining(
      vectors: [[.init(place: 0, value: 1)], []], classes: [0, 1], count: 2, features: 1)
    for _ in 0..<300 { training.learn(from: [0, 1]) }
    let expected: [(weight: Float, bias: Float)] = [
      (108 / 77, (108 - 148) / 77), (-100 / 69, (156 - 100) / 69),
    ]
    for (place, plane) in expected.enumerated() {
      #expect(abs(training.weight(feature: 0, class: place) - plane.weight) < 1e-4)
      #expect(abs(training.bias(class: place) - plane.bias) < 1e-4)
    }
  }

  @Test(arguments: [2, 7, 8, 9, 40])
  func `each class is parted from all others, however many there are`(count: Int) {
    // Each class has a feature of its own, and all have one in common.
    let vectors = (0..<count).map { place in
      [
        IntentVocabulary.Component(place: UInt32(place), value: 0.8),
        IntentVocabulary.Component(place: UInt32(count), value: 0.6),
      ]
    }
    var training = MarginTraining(
      vectors: vectors, classes: Array(0..<count), count: count, features: count + 1)
    for _ in 0..<100 { training.learn(from: 0..<count) }
    for (own, vector) in vectors.enumerated() {
      for place in 0..<count {
        let score = vector.reduce(training.bias(class: place)) {
          $0 + $1.value * training.weight(feature: Int($1.place), class: place)
        }
        #expect(place == own ? score > 0 : score < 0)
      }
    }
  }

  @Test func `what is said for and against at once has an answer`() {
    let vector = [IntentVocabulary.Component(place: 0, value: 1)]
    var training = MarginTraining(
      vectors: [vector, vector, vector], classes: [0, 1, 1], count: 2, features: 1)
    for _ in 0..<300 { training.learn(from: [0, 1, 2]) }
    let scores = (0..<2).map { training.weight(feature: 0, class: $0) + training.bias(class: $0) }
    #expect(scores.allSatisfy { $0.magnitude < 1 })
    #expect(scores[1] > scores[0])
  }
}
