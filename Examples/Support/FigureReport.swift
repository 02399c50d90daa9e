import CompanionKit
import Foundation

/// Prints figures, as text or one JSON object a line.
package struct FigureReport: Sendable {
  package let printsJSON: Bool

  package init(printsJSON: Bool) { self.printsJSON = printsJSON }

  package func figure(_ suite: String, _ name: String, _ metric: String, _ value: Double, _ unit: String) {
    if printsJSON {
      Terminal.pass([
        "suite": .string(suite), "case": .string(name), "metric": .string(metric), "value": .number(value),
        "unit": .string(unit),
      ])
    } else {
      let metric = metric.padding(toLength: 20, withPad: " ", startingAt: 0)
      Terminal.pass("\(suite)  \(metric) \(String(format: "%13.4f", value)) \(unit)   \(name)\n")
    }
  }

  /// Says something about the figures, on standard error.
  package func note(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}

extension [Double] {
  /// The value that a part of all others does not exceed; 0 where there is none.
  package func percentile(_ part: Double) -> Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    return sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }
}
