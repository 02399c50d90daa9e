import CompanionDomain
import CompanionPorts

/// The store, as a run uses it: what fails there ends the run.
struct EmbeddingStorage: Sendable {
  let environment: Environment

  /// How often changes are stored in vain.
  private static let tries = 5

  func read<Value>(
    _ body: (any CompanionStore) async throws(StoreFailure) -> Value
  ) async throws(EmbeddingRunEnd) -> Value {
    do throws(StoreFailure) { return try await body(environment.store) } catch { throw .store(error) }
  }

  /// Stores changes. What was paid for is not given up at once where the store is busy; doing it twice is doing it
  /// once.
  func commit(_ changes: [ChangeSet.Change]) async throws(EmbeddingRunEnd) {
    let (store, time) = (environment.store, environment.time)
    var backoff = Backoff(first: .milliseconds(200), cap: .seconds(5))
    var tries = 1
    while true {
      do throws(StoreFailure) {
        // Not given up with the task: it is paid for, and ends by itself.
        try await Unstructured.shielded { () throws(StoreFailure) in
          _ = try await store.commit(ChangeSet(changes))
        }
        return
      } catch {
        guard error.mayPass, tries < Self.tries, !Task.isCancelled else { throw .store(error) }
      }
      tries += 1
      do {
        try await time.sleep(until: time.now.advanced(by: backoff.next()), tolerance: nil)
      } catch { throw .stopped }
    }
  }
}

extension StoreFailure {
  /// Whether the same may succeed a little later.
  fileprivate var mayPass: Bool {
    switch self {
    case .busy, .timedOut, .unknown: true
    default: false
    }
  }
}
