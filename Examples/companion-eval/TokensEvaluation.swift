import CompanionDomain
import ExampleSupport
import Foundation

/// What `companion-eval tokens` is asked.
struct TokensOptions {
  let path: String
  let printsJSON: Bool

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    var rest = arguments
    var path: String?
    var printsJSON = false
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": printsJSON = true
      case "--usage":
        guard let file = rest.popFirst() else { throw UsageError("--usage needs a file.") }
        path = file
      default: throw UsageError("There is no option \(argument); see --help.")
      }
    }
    guard let path else { throw UsageError("tokens needs --usage U.jsonl; see --help.") }
    self.path = path
    self.printsJSON = printsJSON
  }
}

/// `companion-eval tokens`: how far estimates of tokens are off for a model, as they learn from its usage.
///
/// Each line of the usage is estimated, compared with what the provider has counted, and only then learnt from.
struct TokensEvaluation {
  let options: TokensOptions
  let report: FigureReport

  /// The reports that are learnt from before errors count.
  private static let warmUp = 20

  /// A prompt, and the tokens that the provider has counted for it.
  private struct Line: Decodable {
    var text: String
    var tokens: Int
  }

  func run() throws(InputError) {
    let lines = try lines()
    guard lines.count > Self.warmUp else {
      throw InputError(
        file: options.path,
        message: "needs more than \(Self.warmUp) lines: the first \(Self.warmUp) are learnt from")
    }
    var estimator = TokenEstimator()
    var errors: [Double] = []
    var covered = 0
    for (index, line) in lines.enumerated() {
      // The text is taken for one message, so that what its format adds is learnt, too.
      let estimate = Double(estimator.tokens(in: line.text)) + estimator.tokensPerMessage
      let counted = Double(line.tokens)
      if index >= Self.warmUp {
        errors.append(abs(estimate - counted) / counted)
        if counted <= estimate * (1 + estimator.margin) { covered += 1 }
      }
      estimator.learn(from: [line.text], tokens: line.tokens)
    }
    errors.sort()
    let name = URL(filePath: options.path).lastPathComponent
    let count = Double(errors.count)
    for (metric, value) in [
      ("p95_error", errors[(95 * errors.count + 99) / 100 - 1]), ("mean_error", errors.reduce(0, +) / count),
      ("within_margin", Double(covered) / count), ("margin", estimator.margin),
    ] {
      report.figure("tokens", name, metric, value, "fraction")
    }
    report.figure("tokens", name, "lines", Double(lines.count), "lines")
  }

  private func lines() throws(InputError) -> [Line] {
    guard let data = FileManager.default.contents(atPath: options.path) else {
      throw InputError(file: options.path, message: "cannot be read")
    }
    let decoder = JSONDecoder()
    var lines: [Line] = []
    for (index, bytes) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    where !bytes.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: " ") }) {
      guard let line = try? decoder.decode(Line.self, from: Data(bytes)), line.tokens > 0 else {
        throw InputError(
          file: options.path, line: index + 1, message: "needs a text, and a number of tokens above 0")
      }
      lines.append(line)
    }
    return lines
  }
}
