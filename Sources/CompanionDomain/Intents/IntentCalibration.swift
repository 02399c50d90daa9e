/// What the scores of a classifier mean, learnt from examples that it was not trained on.
struct IntentCalibration: Hashable {
  /// What was found for an example that was held out.
  struct Outcome: Hashable {
    /// The best score.
    var score: Float
    /// How much the second is less.
    var margin: Float
    var isRight: Bool
    /// Whether the example is of a label, rather than of none.
    var isOfLabel: Bool
  }

  /// The logarithm of the odds that a label is right is the sum of these, times its score, its margin, and 1.
  let odds: [Double]
  /// The scores of examples of labels in ascending order, evenly many between each two.
  let scores: [Float]

  private static let mostScores = 1024

  init(odds: [Double], scores: [Float]) {
    self.odds = odds
    self.scores = scores
  }

  init(from outcomes: [Outcome]) {
    odds = Self.odds(from: outcomes)
    let sorted = outcomes.filter(\.isOfLabel).map(\.score).sorted()
    let count = min(Self.mostScores, sorted.count)
    scores = (0..<count).map { sorted[$0 * (sorted.count - 1) / max(1, count - 1)] }
  }

  /// The chance that a label is right, by its score and how much that is above the best of the others, or below.
  func confidence(score: Float, margin: Float) -> Double {
    ElementaryFunctions.logistic(odds[0] * Double(score) + odds[1] * Double(margin) + odds[2])
  }

  /// The part of the examples of labels whose score is less: the p-value of conformal prediction (G. Shafer, V. Vovk, "A
  /// Tutorial on Conformal Prediction", 2008).
  func typicality(score: Float) -> Double {
    var (low, high) = (0, scores.count)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] < score { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return 0 }
    guard low < scores.count else { return 1 }
    let (below, above) = (scores[low - 1], scores[low])
    return (Double(low - 1) + Double((score - below) / (above - below))) / Double(scores.count - 1)
  }

  /// Logistic regression by Newton's method, as J. Platt has it, "Probabilistic Outputs for Support Vector
  /// Machines" (1999): with targets a little within 0 and 1. Few outcomes do not move it far from what is taken
  /// without any.
  private static func odds(from outcomes: [Outcome]) -> [Double] {
    let right = Double(outcomes.count(where: \.isRight))
    let targets = (right: (right + 1) / (right + 2), wrong: 1 / (Double(outcomes.count) - right + 2))
    let prior = [1.0, 3, 0]
    let weightOfPrior = 0.1
    var odds = prior
    for _ in 0..<30 {
      var gradient = zip(odds, prior).map { weightOfPrior * ($0 - $1) }
      var curvature = [[weightOfPrior, 0, 0], [0, weightOfPrior, 0], [0, 0, weightOfPrior]]
      for outcome in outcomes {
        let features = [Double(outcome.score), Double(outcome.margin), 1]
        let sum = zip(odds, features).reduce(0) { $0 + $1.0 * $1.1 }
        let chance = ElementaryFunctions.logistic(sum)
        for row in 0..<3 {
          gradient[row] += (chance - (outcome.isRight ? targets.right : targets.wrong)) * features[row]
          for column in 0..<3 {
            curvature[row][column] += chance * (1 - chance) * features[row] * features[column]
          }
        }
      }
      let step = solution(of: curvature, gradient)
      odds = zip(odds, step).map { $0 - max(-2, min(2, $1)) }
      if step.allSatisfy({ $0.magnitude < 1e-9 }) { break }
    }
    return odds
  }

  /// Solves three equations by elimination. The matrix is positive definite: no pivot is 0.
  private static func solution(of matrix: [[Double]], _ values: [Double]) -> [Double] {
    var rows = zip(matrix, values).map { $0 + [$1] }
    for pivot in 0..<3 {
      for row in 0..<3 where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        for column in pivot..<4 { rows[row][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<3).map { rows[$0][3] / rows[$0][$0] }
  }
}
