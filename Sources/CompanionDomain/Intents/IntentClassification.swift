/// What a classifier makes of a message.
public struct IntentClassification: Hashable, Sendable {
  /// A label that a message may be of.
  public struct Candidate: Hashable, Sendable {
    /// Its name.
    public var label: String
    /// The chance that it is right for a message that is of one of the labels, 0 to 1. Those of several labels need not
    /// add up to 1.
    public var confidence: Double
  }

  /// The best label; `nil` when the classifier abstains.
  public var label: String?
  /// The labels that fit best, the best first: five, or all where there are fewer. They are there when it abstains, too;
  /// of a text that has nothing to classify there are none.
  public var ranked: [Candidate]
  /// How well the message fits what the classifier has learnt, 0 to 1: the part of the messages of its labels that fit
  /// less. It abstains below ``IntentClassifier/threshold``.
  public var typicality: Double

  /// The chance that the best label is right, 0 to 1; see ``Candidate/confidence``.
  public var confidence: Double { ranked.first?.confidence ?? 0 }
}
