import CompanionApplication
public import CompanionPorts

/// One promise of a port, and how it is checked.
///
/// A test can be parameterised over a suite's checks, and run them in any order:
///
/// ```swift
/// @Test(arguments: LanguageModelConformance.checks)
/// func `my model keeps the promise`(check: ConformanceCheck<any LanguageModel>) async throws {
///   try await check.run(on: MyModel(), measuredBy: .system)
/// }
/// ```
public struct ConformanceCheck<Subject: Sendable>: Sendable, CustomStringConvertible {
  typealias Body = @Sendable (Subject) async throws -> Void

  /// The promise, as a sentence.
  public let name: String
  private let body: Body

  init(_ name: String, _ body: @escaping Body) {
    self.name = name
    self.body = body
  }

  /// The promise, as a sentence.
  public var description: String { name }

  /// Checks that an implementation keeps the promise.
  ///
  /// An implementation that takes longer than the limit, even one that ignores cancellation, has broken the
  /// promise: it is cancelled and not waited for.
  ///
  /// - Parameters:
  ///   - subject: the implementation.
  ///   - limit: how long the check may take.
  ///   - time: measures the limit; `nil` for no limit. It has to go on by itself: a real clock, or a
  ///     simulator's.
  /// - Throws: ``ConformanceFailure`` when the promise is broken, or `CancellationError`.
  public func run(
    on subject: Subject, within limit: Duration = .seconds(60), measuredBy time: (any TimeSource)? = nil
  ) async throws {
    let outcome = Recording<Result<Void, any Error>>()
    let task = Unstructured.start(name: name) {
      do { outcome.append(.success(try await body(subject))) } catch { outcome.append(.failure(error)) }
    }
    await withDiscardingTaskGroup { group in
      let ended = Gate()
      group.addTask {
        try? await outcome.wait(for: 1)
        ended.open()
      }
      group.addTask {
        guard let time else { return }
        try? await time.sleep(for: limit)
        ended.open()
      }
      try? await ended.wait()
      group.cancelAll()
    }
    guard let result = outcome.elements.first else {
      task.cancel()
      try Task.checkCancellation()
      throw failure(expected: "an end within \(limit)", found: "that it still goes on")
    }
    do { try result.get() } catch let broken as BrokenPromise {
      throw failure(expected: broken.expected, found: broken.found)
    } catch {
      throw failure(expected: "no error", found: "\(error)")
    }
  }

  private func failure(expected: String, found: String) -> ConformanceFailure {
    ConformanceFailure(check: name, expected: expected, found: found)
  }
}

extension ConformanceCheck {
  /// Runs all checks, one after another.
  ///
  /// - Throws: ``ConformanceReport``, or what a check throws beside a ``ConformanceFailure``.
  static func run(
    _ checks: [Self], on subject: Subject, within limit: Duration, measuredBy time: (any TimeSource)?
  ) async throws {
    var failures: [ConformanceFailure] = []
    for check in checks {
      do {
        try await check.run(on: subject, within: limit, measuredBy: time)
      } catch let failure as ConformanceFailure {
        failures.append(failure)
      }
    }
    guard failures.isEmpty else { throw ConformanceReport(failures: failures) }
  }
}

/// What a check found, before it has the check's name.
struct BrokenPromise: Error {
  let expected: String
  let found: String
}
