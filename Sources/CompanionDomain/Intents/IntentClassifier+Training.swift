extension IntentClassifier {
  /// Learns to tell labels apart.
  ///
  /// Some twenty examples a label are a good beginning, a hundred are better; messages that people really wrote are worth
  /// most. Examples without a label show what belongs to none, and need not be there. The same example may stand there
  /// more than once, and under several labels.
  ///
  /// What its scores mean is learnt by holding out examples: a fifth of each label's at a time, those that stand
  /// together, because neighbours are often variations of one sentence. With fewer than 2,000 examples each is held
  /// out once.
  ///
  /// The same examples and labels in the same order, and the same seed, give the same classifier, on any machine. It
  /// takes time and memory in proportion to the text times the labels: for 18,000 messages of 150 labels some
  /// seconds. It runs on no actor, lets others run now and then, and ends soon after its task was cancelled.
  ///
  /// - Parameters:
  ///   - examples: messages, two or more for each label.
  ///   - labels: two or more, of different names.
  ///   - threshold: the part of the messages of its labels that the classifier leaves to the model, about; see
  ///     ``threshold``.
  ///   - seed: decides in which order examples are learnt from.
  @concurrent
  public static func train(
    on examples: [IntentExample], labels: [IntentLabel], threshold: Double = 0.05, seed: UInt64 = 1
  ) async throws(IntentTrainingFailure) -> IntentClassifier {
    let lesson = try await IntentLesson(examples, labels: labels, seed: seed)
    let outcomes = try await lesson.outcomes()
    let (vocabulary, weights) = try await lesson.learn(from: Array(lesson.texts.indices))
    return IntentClassifier(
      labels: labels, knowsOthers: lesson.knowsOthers, vocabulary: vocabulary, weights: weights,
      calibration: IntentCalibration(from: outcomes), threshold: threshold)
  }
}
