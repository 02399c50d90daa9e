/// What each feature says for and against each class, as a table of the weights that are not small, of 8 bits each.
struct IntentWeights: Hashable {
  /// Where the entries of each feature start, and of the last one end.
  let starts: [UInt32]
  /// Of each entry its class.
  let classes: [UInt16]
  /// Of each entry its level: the root of the weight's part of the greatest, in 127ths, with the weight's sign. Small
  /// weights, of which most are, are told apart the better for it.
  let levels: [Int8]
  /// The greatest weight, whatever its sign.
  let scale: Float
  /// What each class has before any feature.
  let biases: [Float]

  /// The weight of each level, from -128 on.
  private let weights: [Float]

  init(starts: [UInt32], classes: [UInt16], levels: [Int8], scale: Float, biases: [Float]) {
    precondition(
      starts.last.map(Int.init) == classes.count && classes.count == levels.count
        && classes.allSatisfy { $0 < biases.count }, "each entry has a class and a level")
    self.starts = starts
    self.classes = classes
    self.levels = levels
    self.scale = scale
    self.biases = biases
    weights = (-128...127).map { level in
      let part = Float(level) / 127
      return scale * part * part.magnitude
    }
  }

  /// How many weights a classifier keeps, or for each class on average, where that is more.
  private static let mostEntries = 1 << 19
  private static let mostEntriesPerClass = 1 << 12

  /// The greatest weights of what was learnt, and the places of the features that have any.
  static func greatest(
    of training: MarginTraining, features: Int, classes count: Int
  ) -> (weights: Self, features: [Int]) {
    let least = leastWeight(of: training, features: features, classes: count)
    var starts: [UInt32] = [0]
    var kept: [Int] = []
    var entries: [(place: UInt16, weight: Float)] = []
    for feature in 0..<features {
      let before = entries.count
      for place in 0..<count {
        let weight = training.weight(feature: feature, class: place)
        if weight != 0, weight.magnitude >= least { entries.append((UInt16(place), weight)) }
      }
      guard entries.count > before else { continue }
      kept.append(feature)
      starts.append(UInt32(entries.count))
    }
    let scale = entries.reduce(0) { max($0, $1.weight.magnitude) }
    let weights = Self(
      starts: starts, classes: entries.map(\.place),
      levels: entries.map { entry in
        let level = Int8((127 * (entry.weight.magnitude / scale).squareRoot()).rounded())
        return entry.weight < 0 ? -level : level
      },
      scale: scale, biases: (0..<count).map(training.bias))
    return (weights, kept)
  }

  /// The size from which on no more weights are left than are kept. Weights are counted by their exponent and the first
  /// bits of their significand.
  private static func leastWeight(of training: MarginTraining, features: Int, classes count: Int) -> Float {
    let dropped = 12 as UInt32
    var counts = [Int](repeating: 0, count: 1 << (32 - Int(dropped)))
    for feature in 0..<features {
      for place in 0..<count {
        counts[Int(training.weight(feature: feature, class: place).magnitude.bitPattern >> dropped)] += 1
      }
    }
    var left = max(mostEntries, count * mostEntriesPerClass)
    var size = counts.count
    while size > 1, counts[size - 1] <= left {
      size -= 1
      left -= counts[size]
    }
    return Float(bitPattern: UInt32(size) << dropped)
  }

  /// What a text's vector says for each class: above 0 for it, below against it.
  ///
  /// Complexity: O(n) in the entries of its features.
  func scores(of vector: [IntentVocabulary.Component]) -> [Float] {
    var scores = biases
    // Entries are many: checking the bounds of each would take most of the time. They hold by construction, as
    // `starts` ends where `classes` and `levels` do, and classes are fewer than biases.
    scores.withUnsafeMutableBufferPointer { scores in
      classes.withUnsafeBufferPointer { classes in
        levels.withUnsafeBufferPointer { levels in
          weights.withUnsafeBufferPointer { weights in
            for component in vector {
              let feature = Int(component.place)
              for entry in Int(starts[feature])..<Int(starts[feature + 1]) {
                scores[Int(classes[entry])] += component.value * weights[Int(levels[entry]) + 128]
              }
            }
          }
        }
      }
    }
    return scores
  }
}
