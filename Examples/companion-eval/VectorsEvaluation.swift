import CompanionDomain
import ExampleSupport
import Foundation

/// What `companion-eval vectors` is asked.
struct VectorsOptions {
  let base: String
  let queries: String
  /// How many are searched for.
  let count: Int
  /// How many are compared; `nil` for what a search does by itself.
  let candidates: Int?
  let printsJSON: Bool

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let values = try OptionValues(arguments, names: ["--base", "--queries", "--k", "--candidates"])
    (base, queries) = try values.both("--base", "--queries")
    printsJSON = values.printsJSON
    count = try values.count("--k") ?? 10
    candidates = try values.count("--candidates")
  }
}

/// `companion-eval vectors`: how many of the nearest vectors are found, and how fast.
struct VectorsEvaluation {
  let options: VectorsOptions
  let report: FigureReport

  private let clock = ContinuousClock()

  init(options: VectorsOptions, report: FigureReport) {
    self.options = options
    self.report = report
  }

  func run() throws {
    let base = try MatrixFile(path: options.base)
    let queries = try MatrixFile(path: options.queries)
    guard queries.columns == base.columns else {
      throw InputError(
        file: options.queries,
        message:
          "has vectors of \(queries.columns) numbers, and those of \(options.base) have \(base.columns)")
    }
    guard options.count <= base.rows else {
      throw InputError(
        file: options.base,
        message:
          "has \(base.rows) vectors, and --k asks for \(options.count): all would be found; choose fewer")
    }
    guard base.zeroRows.count < base.rows else {
      throw InputError(file: options.base, message: "has only zeros: no vector has a direction to compare")
    }
    if let row = queries.zeroRows.first {
      throw InputError(
        file: options.queries,
        message: "row \(row), counted from 0, has only zeros: everything is as near to it")
    }
    if !base.zeroRows.isEmpty {
      report.note("\(base.zeroRows.count) of \(base.rows) vectors have only zeros, and are near to nothing.")
    }
    let started = clock.now
    let index = try index(of: base)
    let buildTime = clock.now - started

    var hits = 0
    var times: [Double] = []
    var exactTimes: [Double] = []
    for row in 0..<queries.rows {
      let query = Array(queries.numbers[row * queries.columns..<(row + 1) * queries.columns])
      do throws(VectorFailure) {
        let asked = clock.now
        let found = try index.nearest(to: query, count: options.count, candidates: options.candidates)
        let answered = clock.now
        let exact = try index.exactlyNearest(to: query, count: options.count)
        exactTimes.append((clock.now - answered) / .milliseconds(1))
        times.append((answered - asked) / .milliseconds(1))
        // Of equally near ones, any will do.
        hits += found.count { $0.score >= exact.last?.score ?? 0 }
      } catch {
        throw InputError(file: options.queries, message: Self.refusal(of: error, row: row))
      }
    }

    let name = "\(base.rows) vectors of \(base.columns), \(queries.rows) queries"
    let wanted = Double(queries.rows * min(options.count, base.rows))
    report.figure("vectors", name, "recall_at_\(options.count)", Double(hits) / wanted, "fraction")
    report.figure("vectors", "\(name), median", "ms_per_query", times.percentile(0.5), "ms")
    report.figure("vectors", "\(name), p95", "ms_per_query", times.percentile(0.95), "ms")
    report.figure(
      "vectors", "comparison: all compared, median", "ms_per_query", exactTimes.percentile(0.5), "ms")
    report.figure("vectors", name, "build_s", buildTime / .seconds(1), "s")
  }

  private func index(of base: MatrixFile) throws(InputError) -> VectorIndex {
    let block = 4096
    let groups = [UInt32](repeating: 0, count: block)
    do throws(VectorFailure) {
      var index = try VectorIndex(dimension: base.columns)
      for start in stride(from: 0, to: base.rows, by: block) {
        let end = min(start + block, base.rows)
        let result = base.numbers[start * base.columns..<end * base.columns].withUnsafeBufferPointer {
          numbers in
          groups[..<(end - start)].withUnsafeBufferPointer { groups in
            Result { () throws(VectorFailure) in try index.append(numbers, groups: groups) }
          }
        }
        if case .failure(.unusableNumbers(let place)) = result {
          throw VectorFailure.unusableNumbers(place: start + place)
        }
        try result.get()
      }
      return index
    } catch {
      var row = 0
      if case .unusableNumbers(let place) = error { row = place }
      throw InputError(file: options.base, message: Self.refusal(of: error, row: row))
    }
  }

  private static func refusal(of failure: VectorFailure, row: Int) -> String {
    switch failure {
    case .unusableNumbers: "row \(row), counted from 0, has numbers that are infinite, too great or none"
    case .unsupportedDimension(let dimension):
      "has vectors of \(dimension) numbers; from 1 to \(VectorIndex.dimensions.upperBound) are possible"
    default: "cannot be indexed: \(failure)"
    }
  }
}
