import CompanionKit
import ExampleSupport
import Foundation

/// The local classifier of intents: what it costs to train one of 150 labels, to classify a message, and to have it back
/// from JSON.
///
/// The messages are made up, of eight words on average; one label in ten has Japanese or Chinese ones in their looks. How
/// well real ones are told apart is what `companion-eval intents` is for. It is compared with the analysis of the same
/// texts for search, and with the keyword rules.
struct IntentsSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private static let labels = 150
  private static let asked = 5000
  private let clock = ContinuousClock()

  init(options: BenchmarkOptions, report: FigureReport) {
    self.options = options
    self.report = report
  }

  func run() async throws {
    // Each label needs two.
    let count = max(options.count ?? 15_000, Self.labels * 2)
    var talk = SyntheticTalk()
    let all = talk.examples(count: count + Self.asked, labels: Self.labels)
    let (examples, asked) = (Array(all.prefix(count)), all.suffix(Self.asked))
    let labels = (0..<Self.labels).map {
      IntentLabel(name: "\($0)", profile: .information, complexity: .low)
    }
    let name = "\(count) messages, \(Self.labels) labels"

    let started = clock.now
    let classifier = try await IntentClassifier.train(on: examples, labels: labels)
    report.figure("intents", name, "train_s", (clock.now - started) / .seconds(1), "s")
    let analysis = clock.measure { for example in examples { _ = TextAnalysis.terms(of: example.text) } }
    report.figure(
      "intents", "comparison: the analysis of the same texts for search", "train_s", analysis / .seconds(1),
      "s")

    var right = 0
    let times = asked.map { example in
      microseconds {
        if classifier.classify(example.text).ranked.first?.label == example.label { right += 1 }
      }
    }
    // A classifier that knows nothing is right once in 150 times, and would say so in no time.
    guard right > Self.asked / 2 else {
      throw BenchmarkError(message: "\(right) of \(Self.asked) messages were recognised")
    }
    let rules = asked.map { example in microseconds { _ = IntentRules.intent(of: example.text) } }
    for (name, times) in [("a message", times), ("comparison: keyword rules", rules)] {
      report.figure("intents", "\(name), median", "predict_us", times.percentile(0.5), "µs")
      report.figure("intents", "\(name), p95", "predict_p95_us", times.percentile(0.95), "µs")
    }

    let data = try JSONEncoder().encode(classifier)
    report.figure("intents", "the classifier as JSON", "size_mb", Double(data.count) / 1_000_000, "MB")
    var isSame = false
    let open = try clock.measure {
      isSame = try JSONDecoder().decode(IntentClassifier.self, from: data) == classifier
    }
    guard isSame else { throw BenchmarkError(message: "the classifier became another one as JSON") }
    report.figure("intents", "the classifier from JSON", "open_ms", open / .milliseconds(1), "ms")
  }

  private func microseconds(_ work: () -> Void) -> Double { clock.measure(work) / .microseconds(1) }
}
