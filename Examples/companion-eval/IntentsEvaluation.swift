import CompanionDomain
import ExampleSupport
import Foundation

/// What `companion-eval intents` is asked.
struct IntentsOptions {
  let train: String
  let test: String
  /// What messages are labelled as that are of no label.
  let outOfScope: String?
  let printsJSON: Bool

  init(_ arguments: ArraySlice<String>) throws(UsageError) {
    let values = try OptionValues(arguments, names: ["--train", "--test", "--out-of-scope"])
    (train, test) = try values.both("--train", "--test")
    printsJSON = values.printsJSON
    outOfScope = values["--out-of-scope"]
  }
}

/// `companion-eval intents`: how well the classifier tells one's own messages apart, and how fast.
struct IntentsEvaluation {
  let options: IntentsOptions
  let report: FigureReport

  private let clock = ContinuousClock()

  init(options: IntentsOptions, report: FigureReport) {
    self.options = options
    self.report = report
  }

  func run() async throws {
    let train = try IntentsFile(path: options.train)
    let test = try IntentsFile(path: options.test)
    let names = train.labels(without: options.outOfScope)
    let known = Set(names)
    for line in test.lines where !known.contains(line.label) && line.label != options.outOfScope {
      throw InputError(
        file: test.path, line: line.number,
        message: "\"\(line.label)\" is not in \(train.path); name what is of no label with --out-of-scope")
    }

    let started = clock.now
    let classifier = try await classifier(from: train, names: names)
    let trainingTime = clock.now - started

    var figures = IntentsFigures()
    var times: [Double] = []
    for line in test.lines {
      let asked = clock.now
      let found = classifier.classify(line.text)
      times.append((clock.now - asked) / .microseconds(1))
      figures.add(found, label: known.contains(line.label) ? line.label : nil)
    }

    let name = "\(URL(filePath: test.path).lastPathComponent), \(names.count) labels"
    figures.print(to: report, as: name)
    report.figure("intents", "\(train.lines.count) messages", "train_s", trainingTime / .seconds(1), "s")
    report.figure("intents", "\(name), median", "predict_us", times.percentile(0.5), "µs")
    report.figure("intents", "\(name), p95", "predict_p95_us", times.percentile(0.95), "µs")
    let size = try JSONEncoder().encode(classifier).count
    report.figure("intents", "the classifier as JSON", "size_mb", Double(size) / 1_000_000, "MB")
  }

  private func classifier(from train: IntentsFile, names: [String]) async throws -> IntentClassifier {
    do {
      return try await IntentClassifier.train(
        on: train.lines.map { line in
          IntentExample(line.text, label: line.label == options.outOfScope ? nil : line.label)
        },
        labels: names.map { IntentLabel(name: $0, profile: .information, complexity: .low) })
    } catch .emptyText(let place) {
      throw InputError(
        file: train.path, line: train.lines[place].number, message: "its message has nothing to learn from")
    } catch .cancelled {
      throw CancellationError()
    } catch {
      throw InputError(file: train.path, message: error.description)
    }
  }
}
