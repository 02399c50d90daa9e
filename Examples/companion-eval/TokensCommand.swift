import CompanionKit
import Foundation

/// `companion-eval tokens`: how far estimates of tokens are off for a model, as they learn from its usage.
///
/// Each line of the usage is estimated, compared with what the provider has counted, and only then learnt from.
struct TokensCommand {
  static let usage = "usage: companion-eval tokens --usage U.jsonl [--json]"
  /// The reports that are learnt from before errors count.
  static let warmUp = 20

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// A line of the usage: a prompt, and the tokens that the provider has counted for it.
  struct Line: Decodable {
    var text: String
    var tokens: Int
  }

  struct Outcome {
    var lines: Int
    /// Of the lines behind the warm-up: the part of the counted tokens that 95 % were off by no more.
    var p95Error: Double
    var meanError: Double
    /// The part of these lines that did not exceed the estimate with its margin.
    var covered: Double
    /// The margin that there was in the end.
    var margin: Double
  }

  private var path: String
  private var printsJSON = false

  /// Measures, and prints the figures.
  ///
  /// - Throws: ``Failure`` for wrong arguments or a file that is not one of usage.
  static func run(_ arguments: [String]) throws {
    let command = try TokensCommand(arguments)
    command.print(try Self.measure(try command.lines()))
  }

  init(_ arguments: [String]) throws(Failure) {
    var rest = arguments[...]
    var path: String?
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": printsJSON = true
      case "--usage":
        guard let file = rest.popFirst() else {
          throw Failure(description: "--usage needs a file. \(Self.usage)")
        }
        path = file
      default: throw Failure(description: "Unknown option \(argument). \(Self.usage)")
      }
    }
    guard let path else { throw Failure(description: Self.usage) }
    self.path = path
  }

  private func lines() throws -> [Line] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(description: "\(path) cannot be read.")
    }
    let decoder = JSONDecoder()
    return try data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
      .filter { !$0.element.allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") } }
      .map { number, bytes in
        guard let line = try? decoder.decode(Line.self, from: Data(bytes)), line.tokens > 0 else {
          throw Failure(description: "\(path):\(number + 1): Needs a text, and a number of tokens above 0.")
        }
        return line
      }
  }

  /// Estimates and learns line by line.
  static func measure(_ lines: [Line]) throws(Failure) -> Outcome {
    guard lines.count > warmUp else {
      throw Failure(description: "Needs more than \(warmUp) lines: the first \(warmUp) are learnt from.")
    }
    var estimator = TokenEstimator()
    var errors: [Double] = []
    var covered = 0
    for (index, line) in lines.enumerated() {
      // The text is taken for one message, so that what its format adds is learnt, too.
      let estimate = Double(estimator.tokens(in: line.text)) + estimator.tokensPerMessage
      let counted = Double(line.tokens)
      if index >= warmUp {
        errors.append(abs(estimate - counted) / counted)
        if counted <= estimate * (1 + estimator.margin) { covered += 1 }
      }
      estimator.learn(from: [line.text], tokens: line.tokens)
    }
    errors.sort()
    return Outcome(
      lines: lines.count, p95Error: errors[(95 * errors.count + 99) / 100 - 1],
      meanError: errors.reduce(0, +) / Double(errors.count),
      covered: Double(covered) / Double(errors.count), margin: estimator.margin)
  }

  private func print(_ outcome: Outcome) {
    figure("p95_error", outcome.p95Error, "fraction")
    figure("mean_error", outcome.meanError, "fraction")
    figure("within_margin", outcome.covered, "fraction")
    figure("margin", outcome.margin, "fraction")
    figure("lines", Double(outcome.lines), "lines")
  }

  private func figure(_ metric: String, _ value: Double, _ unit: String) {
    let name = URL(filePath: path).lastPathComponent
    guard printsJSON else {
      let padded = metric.padding(toLength: 20, withPad: " ", startingAt: 0)
      return Swift.print("tokens  \(padded) \(String(format: "%12.4f", value)) \(unit)   \(name)")
    }
    let line: JSONValue = [
      "suite": "tokens", "case": .string(name), "metric": .string(metric), "value": .number(value),
      "unit": .string(unit),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    if let data = try? encoder.encode(line) { Swift.print(String(decoding: data, as: UTF8.self)) }
  }
}
