/// Learns for each class a plane that parts its examples from all others: support vector machines with the
/// squared hinge loss, one against the rest.
///
/// The method is the dual coordinate descent of C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi and
/// S. Sundararajan, "A Dual Coordinate Descent Method for Large-scale Linear SVM" (ICML 2008), for all classes at
/// once: an example is compared with every plane, and moves those that it is not far enough from.
struct MarginTraining {
  /// How dear it is to be on the wrong side, and how much dearer for the class's own examples, which are few.
  private static let cost: Float = 2
  private static let costOfOwn: Float = 6

  /// The vectors of the examples, one behind the other.
  private let components: [IntentVocabulary.Component]
  private let starts: [Int]
  private let squares: [Float]
  private let classes: [Int]

  /// Classes are in groups of eight. What is behind the last class learns, too, and is not read.
  private let groups: Int
  /// For each feature its weight in each class.
  private var weights: [SIMD8<Float>]
  private var biases: [SIMD8<Float>]
  /// For each example its part in each plane: the dual variables.
  private var parts: [SIMD8<Float>]
  private var scores: [SIMD8<Float>]

  /// - Parameters:
  ///   - vectors: of the examples.
  ///   - classes: of the examples, from 0 to less than `count`.
  ///   - features: how many there are; each component's place is less.
  init(
    vectors: some Sequence<[IntentVocabulary.Component]>, classes: [Int], count: Int, features: Int
  ) {
    var components: [IntentVocabulary.Component] = []
    var starts = [0]
    var squares: [Float] = []
    for vector in vectors {
      components += vector
      starts.append(components.count)
      // The one more is the bias, a feature that each example has.
      squares.append(vector.reduce(1) { $0 + $1.value * $1.value })
    }
    precondition(squares.count == classes.count, "each example has a class")
    self.components = components
    self.starts = starts
    self.squares = squares
    self.classes = classes
    groups = Self.groups(of: count)
    weights = Array(repeating: .zero, count: features * groups)
    biases = Array(repeating: .zero, count: groups)
    scores = biases
    parts = Array(repeating: .zero, count: classes.count * groups)
  }

  /// How many groups so many classes are.
  static func groups(of classes: Int) -> Int { (classes + 7) / 8 }

  /// What has been learnt for a class.
  func weight(feature: Int, class place: Int) -> Float { weights[feature * groups + place / 8][place % 8] }
  func bias(class place: Int) -> Float { biases[place / 8][place % 8] }

  /// Learns from examples, in this order.
  ///
  /// Complexity: for each, O(n) in its features times the classes.
  mutating func learn(from examples: some Sequence<Int>) {
    var changes: [(group: Int, by: SIMD8<Float>)] = []
    // Held apart, so that the rest can change meanwhile.
    var weights: [SIMD8<Float>] = []
    swap(&weights, &self.weights)
    defer { swap(&weights, &self.weights) }
    weights.withUnsafeMutableBufferPointer { weights in
      components.withUnsafeBufferPointer { components in
        for example in examples {
          let vector = UnsafeBufferPointer(rebasing: components[starts[example]..<starts[example + 1]])
          score(vector, weights)
          move(for: example, into: &changes)
          for component in vector {
            let first = Int(component.place) * groups
            for change in changes { weights[first + change.group] += change.by * component.value }
          }
        }
      }
    }
  }

  private mutating func score(
    _ vector: UnsafeBufferPointer<IntentVocabulary.Component>,
    _ weights: UnsafeMutableBufferPointer<SIMD8<Float>>
  ) {
    let groups = groups
    for group in 0..<groups { scores[group] = biases[group] }
    scores.withUnsafeMutableBufferPointer { scores in
      for component in vector {
        let first = Int(component.place) * groups
        for group in 0..<groups { scores[group] += weights[first + group] * component.value }
      }
    }
  }

  /// The step of the paper's algorithm 1, for each class.
  private mutating func move(for example: Int, into changes: inout [(group: Int, by: SIMD8<Float>)]) {
    changes.removeAll(keepingCapacity: true)
    let own = classes[example]
    for group in 0..<groups {
      var side = SIMD8<Float>(repeating: -1)
      var slack = SIMD8<Float>(repeating: 1 / (2 * Self.cost))
      if own / 8 == group {
        side[own % 8] = 1
        slack[own % 8] = 1 / (2 * Self.costOfOwn)
      }
      let part = parts[example * groups + group]
      let gradient = side * scores[group] - 1 + slack * part
      let moved = pointwiseMax(.zero, part - gradient / (squares[example] + slack))
      guard moved != part else { continue }
      parts[example * groups + group] = moved
      let change = (moved - part) * side
      biases[group] += change
      changes.append((group, change))
    }
  }
}
