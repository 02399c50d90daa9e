import CompanionKit
import ExampleSupport
import Foundation

/// `companion-bench`: measures, and prints beside each figure what it compares with in the same run.
@main
struct Benchmark {
  static func main() async {
    do {
      let options = try BenchmarkOptions(Array(CommandLine.arguments.dropFirst()))
      let report = FigureReport(printsJSON: options.printsJSON)
      #if DEBUG
        report.note("This is a debug build: the figures say nothing. Use --configuration release.")
      #endif
      switch options.suite {
      case .turns: try await TurnsSuite(options: options, report: report).run()
      case .tasks: try await TasksSuite(options: options, report: report).run()
      case .sse: try SSESuite(options: options, report: report).run()
      case .router: try await RouterSuite(options: options, report: report).run()
      case .intents: try await IntentsSuite(options: options, report: report).run()
      case .text: try await TextSuite(options: options, report: report).run()
      case .recall: try await RecallSuite(options: options, report: report).run()
      case .vectors where options.namesStore && options.store == .sqlite:
        try await StoredVectorsSuite(options: options, report: report).run()
      case .embedding: try await EmbeddingSuite(options: options, report: report).run()
      case .vectors: try VectorsSuite(options: options, report: report).run()
      case .prompt: try PromptSuite(options: options, report: report).run()
      case .memoryGrowth: try await MemoryGrowthSuite(options: options, report: report).run()
      }
      if Terminal.hasFailed { fail("The output cannot be written.", code: 1) }
    } catch let error as BenchmarkError {
      fail(error.message, code: 64)
    } catch {
      fail("\(error)", code: 1)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data("companion-bench: \(message)\n".utf8))
    exit(code)
  }
}

struct BenchmarkError: Error {
  let message: String
}

/// What the command line asks for.
struct BenchmarkOptions {
  enum Suite: String, CaseIterable {
    case tasks, turns, sse, router, intents, text, recall, vectors, embedding, prompt
    case memoryGrowth = "memory-growth"
  }
  enum Store: String, CaseIterable { case memory, sqlite }

  var suite: Suite
  var store = Store.sqlite
  /// Whether the command line says which store: vectors are measured without one otherwise.
  var namesStore = false
  /// How many things there are: tasks, stored messages, events.
  var count: Int?
  /// How many ask at the same time, where several do.
  var concurrency = 64
  /// How many numbers a vector has.
  var dimension = 384
  var data = SyntheticVectors.Kind.embedding
  var printsJSON = false

  static let usage = """
    usage: companion-bench \(Suite.allCases.map(\.rawValue).joined(separator: "|")) \
    [--store \(Store.allCases.map(\.rawValue).joined(separator: "|"))] [--n N] [--concurrency C] \
    [--dim D] [--data \(SyntheticVectors.Kind.allCases.map(\.rawValue).joined(separator: "|"))] [--json]
    """

  init(_ arguments: [String]) throws(BenchmarkError) {
    var rest = arguments[...]
    guard let suite = rest.popFirst().flatMap(Suite.init(rawValue:)) else {
      throw BenchmarkError(message: Self.usage)
    }
    self.suite = suite
    while let argument = rest.popFirst() {
      switch argument {
      case "--json": printsJSON = true
      case "--n":
        guard let count = rest.popFirst().flatMap(Int.init), (1...100_000_000).contains(count) else {
          throw BenchmarkError(message: "--n needs a number from 1 to 100000000. \(Self.usage)")
        }
        self.count = count
      case "--concurrency":
        guard let count = rest.popFirst().flatMap(Int.init), (1...10_000).contains(count) else {
          throw BenchmarkError(message: "--concurrency needs a number from 1 to 10000. \(Self.usage)")
        }
        concurrency = count
      case "--dim":
        guard let dimension = rest.popFirst().flatMap(Int.init), VectorIndex.dimensions.contains(dimension)
        else {
          throw BenchmarkError(
            message: "--dim needs a number from 1 to \(VectorIndex.dimensions.upperBound). \(Self.usage)")
        }
        self.dimension = dimension
      case "--data":
        guard let data = rest.popFirst().flatMap(SyntheticVectors.Kind.init(rawValue:)) else {
          throw BenchmarkError(message: "--data needs a kind of data. \(Self.usage)")
        }
        self.data = data
      case "--store":
        guard let store = rest.popFirst().flatMap(Store.init(rawValue:)) else {
          throw BenchmarkError(message: "--store needs a store. \(Self.usage)")
        }
        self.store = store
        namesStore = true
      default: throw BenchmarkError(message: "Unknown option \(argument). \(Self.usage)")
      }
    }
  }
}
