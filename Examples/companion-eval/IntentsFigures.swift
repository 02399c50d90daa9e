import CompanionDomain
import ExampleSupport

/// How well messages were told apart.
struct IntentsFigures {
  private var inScope: [(confidence: Double, isRight: Bool)] = []
  /// How typical the messages are that are of a label, and the others.
  private var typicalities: (inScope: [Double], outOfScope: [Double]) = ([], [])
  private var abstentions = (inScope: 0, outOfScope: 0)

  /// Takes in what was made of a message.
  ///
  /// - Parameter label: what it is; `nil` for none of the labels.
  mutating func add(_ found: IntentClassification, label: String?) {
    let abstains = found.label == nil ? 1 : 0
    if let label {
      inScope.append((found.confidence, found.ranked.first?.label == label))
      typicalities.inScope.append(found.typicality)
      abstentions.inScope += abstains
    } else {
      typicalities.outOfScope.append(found.typicality)
      abstentions.outOfScope += abstains
    }
  }

  func print(to report: FigureReport, as name: String) {
    func figure(_ metric: String, _ value: Double, _ unit: String = "fraction") {
      report.figure("intents", name, metric, value, unit)
    }
    if !inScope.isEmpty {
      figure("accuracy", Double(inScope.count(where: \.isRight)) / Double(inScope.count))
      figure("ece", calibrationError)
      figure("false_rejections", Double(abstentions.inScope) / Double(inScope.count))
    }
    guard !typicalities.outOfScope.isEmpty else { return }
    let count = Double(typicalities.outOfScope.count)
    figure("oos_recall", Double(abstentions.outOfScope) / count)
    guard !inScope.isEmpty else { return }
    let threshold = typicalities.inScope.sorted()[inScope.count / 20]
    let rejected = typicalities.outOfScope.count { $0 < threshold }
    figure("oos_recall_at_fr_5", Double(rejected) / count)
    figure("auroc", areaUnderCurve)
  }

  /// By how much confidence and the part that is right differ, on average over ten ranges of confidence of one width,
  /// weighed by their messages: the expected calibration error of C. Guo et al., "On Calibration of Modern Neural
  /// Networks" (ICML 2017).
  private var calibrationError: Double {
    let ranges = Dictionary(grouping: inScope) { min(9, Int($0.confidence * 10)) }
    return ranges.values.reduce(0) { error, range in
      let right = Double(range.count(where: \.isRight))
      return error + (right - range.reduce(0) { $0 + $1.confidence }).magnitude
    } / Double(inScope.count)
  }

  /// The chance that a message of a label is more typical than one of none; where they are alike, half of it.
  private var areaUnderCurve: Double {
    let others = typicalities.outOfScope.sorted()
    let sum = typicalities.inScope.reduce(0.0) { sum, typicality in
      let less = others.partition(below: typicality)
      let alike = others.partition(below: typicality.nextUp) - less
      return sum + Double(less) + Double(alike) / 2
    }
    return sum / Double(others.count) / Double(inScope.count)
  }
}

extension [Double] {
  /// How many are less, where they ascend.
  fileprivate func partition(below limit: Double) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < limit { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
