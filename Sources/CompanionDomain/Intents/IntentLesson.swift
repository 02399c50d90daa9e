/// Examples that a classifier is trained on, read and checked; see ``IntentClassifier/train(on:labels:threshold:seed:)``.
struct IntentLesson {
  let texts: [IntentFeatures]
  /// Of each text its label, or one more for none of them.
  private let classes: [Int]
  private let labelCount: Int
  /// Whether there are examples of no label.
  let knowsOthers: Bool
  private let seed: UInt64

  private var classCount: Int { knowsOthers ? labelCount + 1 : labelCount }

  /// How often each example is learnt from.
  private static let passes = 8
  /// How many examples are learnt from before others may run.
  private static let pause = 256
  /// A label's examples are held out in so many parts.
  private static let folds = 5
  /// So many examples held out are enough.
  private static let enoughHeldOut = 2000
  /// The most features, and the most weights while it learns.
  static let mostFeatures = 1 << 17
  private static let mostWeights = 1 << 25

  init(
    _ examples: [IntentExample], labels: [IntentLabel], seed: UInt64
  ) async throws(IntentTrainingFailure) {
    guard IntentClassifier.labelCounts.contains(labels.count) else {
      throw .unsupportedLabelCount(labels.count)
    }
    var places: [String: Int] = [:]
    for (place, label) in labels.enumerated() {
      guard places.updateValue(place, forKey: label.name) == nil else { throw .repeatedLabel(label.name) }
    }
    let length = examples.reduce(0) {
      $0 + $1.text.unicodeScalars.prefix(IntentFeatures.longestText).count
    }
    guard examples.count <= IntentClassifier.maximumWork / labels.count,
      length <= IntentClassifier.maximumText
    else { throw .tooMuch(examples: examples.count, labels: labels.count) }

    var counts = [Int](repeating: 0, count: labels.count)
    var texts: [IntentFeatures] = []
    var classes: [Int] = []
    for (place, example) in examples.enumerated() {
      if place % Self.pause == 0 { try await Self.pause() }
      var label = labels.count
      if let name = example.label {
        guard let declared = places[name] else { throw .undeclaredLabel(name, place: place) }
        label = declared
        counts[label] += 1
      }
      let features = IntentFeatures(of: example.text)
      guard !features.features.isEmpty else { throw .emptyText(place: place) }
      texts.append(features)
      classes.append(label)
    }
    if let few = counts.firstIndex(where: { $0 < 2 }) {
      throw .tooFewExamples(label: labels[few].name, count: counts[few])
    }
    self.texts = texts
    self.classes = classes
    labelCount = labels.count
    knowsOthers = classes.contains(labels.count)
    self.seed = seed
  }

  /// Learns from some of the examples.
  func learn(
    from examples: [Int]
  ) async throws(IntentTrainingFailure) -> (IntentVocabulary, IntentWeights) {
    try await Self.pause()
    let weightsOfFeature = MarginTraining.groups(of: classCount) * 8
    let vocabulary = IntentVocabulary(
      of: examples.lazy.map { texts[$0] },
      limit: min(Self.mostFeatures, Self.mostWeights / weightsOfFeature))
    let features = vocabulary.keys.count
    var training = MarginTraining(
      vectors: examples.lazy.map { vocabulary.vector(of: texts[$0]) }, classes: examples.map { classes[$0] },
      count: classCount, features: features)
    var order = Array(examples.indices)
    var random = SplitMix64(seed: seed)
    for _ in 0..<Self.passes {
      order.shuffle(using: &random)
      for start in stride(from: 0, to: order.count, by: Self.pause) {
        training.learn(from: order[start..<min(start + Self.pause, order.count)])
        try await Self.pause()
      }
    }
    let greatest = IntentWeights.greatest(of: training, features: features, classes: classCount)
    return (vocabulary.keeping(greatest.features), greatest.weights)
  }

  /// What is found for examples by what was learnt from the others.
  func outcomes() async throws(IntentTrainingFailure) -> [IntentCalibration.Outcome] {
    let folds = foldsOfExamples()
    var outcomes: [IntentCalibration.Outcome] = []
    for fold in (0..<Self.folds).reversed()
    where outcomes.count(where: \.isOfLabel) < Self.enoughHeldOut {
      let (vocabulary, weights) = try await learn(from: texts.indices.filter { folds[$0] != fold })
      for example in texts.indices where folds[example] == fold {
        let scores = weights.scores(of: vocabulary.vector(of: texts[example]))
        let (best, second) = scores.bestTwo
        let isOfLabel = classes[example] < labelCount
        // Where it is nearest to what is none of the labels, the best of those would be wrong.
        let top = scores.prefix(labelCount).max() ?? best
        outcomes.append(
          .init(
            score: top, margin: top == best ? best - second : top - best,
            isRight: isOfLabel && scores[classes[example]] == best, isOfLabel: isOfLabel))
      }
    }
    return outcomes
  }

  /// For each example the fold in which it is held out. Each label has some in at least two.
  private func foldsOfExamples() -> [Int] {
    var sizes = [Int](repeating: 0, count: labelCount + 1)
    for place in classes { sizes[place] += 1 }
    var seen = sizes.map { _ in 0 }
    return classes.map { place in
      defer { seen[place] += 1 }
      return seen[place] * Self.folds / sizes[place]
    }
  }

  private static func pause() async throws(IntentTrainingFailure) {
    guard !Task.isCancelled else { throw .cancelled }
    await Task.yield()
  }
}
