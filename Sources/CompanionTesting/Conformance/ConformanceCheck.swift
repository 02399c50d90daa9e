public import CompanionPorts

/// One promise of a port, and how it is checked.
///
/// Each check gets a store of its own, so a test can be parameterised over a suite's checks and run them in
/// any order, or at the same time:
///
/// ```swift
/// @Test(arguments: TaskStoreConformance.checks)
/// func `my store keeps the promise`(check: ConformanceCheck<any TaskStore>) async throws {
///   try await check.run { time in MyStore(time: time) }
/// }
/// ```
public struct ConformanceCheck<Store: Sendable>: Sendable, CustomStringConvertible {
  /// Makes a new, empty store that takes the time from the source it is given.
  public typealias MakeStore = @Sendable (any TimeSource) async throws -> Store

  typealias Body = @Sendable (Store, ConformanceClock) async throws -> Void

  /// The promise, as a sentence.
  public let name: String
  private let body: Body

  init(_ name: String, _ body: @escaping Body) {
    self.name = name
    self.body = body
  }

  /// The promise, which names the check in a test's report.
  public var description: String { name }

  /// Makes a store and checks the promise.
  ///
  /// The store is let go of afterwards; whatever has to be closed or removed is the caller's.
  ///
  /// - Throws: ``ConformanceFailure`` when the promise is broken, and what `makeStore` throws.
  public func run(makeStore: MakeStore) async throws {
    let clock = ConformanceClock()
    let store = try await makeStore(clock)
    do {
      try await body(store, clock)
    } catch let mismatch as Mismatch {
      throw ConformanceFailure(check: name, expected: mismatch.expected, found: mismatch.found)
    } catch {
      throw ConformanceFailure(check: name, expected: "no error", found: "\(error)")
    }
  }
}

/// A promise that a store broke.
public struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the check: the promise.
  public let check: String
  /// What the promise says, in words.
  public let expected: String
  /// What the store did instead, as values describe themselves.
  public let found: String

  /// One line for a person: the promise, what was expected and what was found.
  public var description: String { "\(check): expected \(expected), found \(found)" }
}

/// All promises that a store broke; never none.
public struct ConformanceReport: Error, Hashable, Sendable, CustomStringConvertible {
  /// The broken promises, in the order of the checks.
  public let failures: [ConformanceFailure]

  /// A line for each broken promise.
  public var description: String { failures.map(\.description).joined(separator: "\n") }
}

extension ConformanceCheck {
  /// Runs all checks, each on a store of its own, one after another.
  static func run(_ checks: [Self], makeStore: MakeStore) async throws {
    var failures: [ConformanceFailure] = []
    for check in checks {
      do { try await check.run(makeStore: makeStore) } catch let failure as ConformanceFailure {
        failures.append(failure)
      }
    }
    guard failures.isEmpty else { throw ConformanceReport(failures: failures) }
  }
}
