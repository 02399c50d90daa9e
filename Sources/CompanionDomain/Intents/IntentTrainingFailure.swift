/// Why a classifier cannot be trained from what it is given.
@nonexhaustive
public enum IntentTrainingFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Two labels are the least that can be told apart, and there is a limit: ``IntentClassifier/labelCounts``.
  case unsupportedLabelCount(Int)
  /// Two labels have this name.
  case repeatedLabel(String)
  /// The example at this place names a label that is not declared.
  case undeclaredLabel(String, place: Int)
  /// The text of the example at this place has no letter, digit or other character that means something.
  case emptyText(place: Int)
  /// A label has so many examples; it needs two, of which one shows how well the other is recognised.
  case tooFewExamples(label: String, count: Int)
  /// The examples times the labels are more than ``IntentClassifier/maximumWork``, or the texts have together more
  /// scalars than ``IntentClassifier/maximumText``.
  case tooMuch(examples: Int, labels: Int)
  /// The task was cancelled.
  case cancelled

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .unsupportedLabelCount(let count):
      """
      There are \(count) labels; a classifier has from \(IntentClassifier.labelCounts.lowerBound) to \
      \(IntentClassifier.labelCounts.upperBound).
      """
    case .repeatedLabel(let name): "Two labels are named \"\(name)\"; give each a name of its own."
    case .undeclaredLabel(let name, let place):
      "Example \(place), counted from 0, is of \"\(name)\", which no label is named; declare it, or correct the name."
    case .emptyText(let place):
      "The text of example \(place), counted from 0, has nothing to learn from; leave it out."
    case .tooFewExamples(let name, let count):
      "The label \"\(name)\" has \(count) example\(count == 1 ? "" : "s"); give it 2 or more, better 20."
    case .tooMuch(let examples, let labels):
      """
      \(examples) examples of \(labels) labels are more than can be trained at once; leave out some, or the ends of \
      long ones.
      """
    case .cancelled: "The training was cancelled."
    }
  }
}
