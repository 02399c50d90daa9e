import CompanionDomain
import CompanionPorts
import Synchronization

/// Keeps over a restart what was learnt of the tokens that models make.
///
/// What has just been learnt is stored a few answers later, and when the companion stops: a crash in between costs
/// those. Where two processes learn of one model, what has learnt from more is kept.
package final class EstimateKeeper: Sendable {
  /// What is known of a model, as it is stored.
  private struct Kept: Codable {
    var model: ModelIdentity
    var estimator: TokenEstimator
  }

  private struct State {
    var isRestored = false
    /// When to try again what has failed: nobody is to wait for it each time.
    var nextTry: Timestamp?
    /// The versions that are stored; 0 for those that are not.
    var versions: [StateName: Int64] = [:]
  }

  private let learning: TokenLearning
  private let store: any CompanionStore
  private let time: any TimeSource
  private let events: EventEmitter
  private let state = Mutex(State())
  private let restoring = ConcurrencyLimit(1)

  /// The most models of which something is taken from the store.
  private static let maximumModels = 1000
  private static let restoringAgain = Duration.seconds(60)
  /// How long what is left has to be stored when the companion stops.
  private static let patience = Duration.seconds(2)
  /// Each conflict means that another process has got on.
  private static let attempts = 5

  init(_ learning: TokenLearning, store: any CompanionStore, time: any TimeSource, events: EventEmitter) {
    self.learning = learning
    self.store = store
    self.time = time
    self.events = events
  }

  /// Takes what is stored, once. Prompts are made without it while it cannot be read, which is tried again each minute.
  /// What is damaged is removed: it is learnt anew.
  package func restore() async {
    guard learning.exact == nil, isDueToRestore else { return }
    // Whoever is cancelled is not going to call anybody.
    guard (try? await restoring.enter()) != nil else { return }
    defer { restoring.leave() }
    guard isDueToRestore else { return }
    do throws(StoreFailure) {
      for record in try await store.states(of: .companion, .tokens, after: nil, limit: Self.maximumModels) {
        take(record)
      }
      state.withLock { $0.isRestored = true }
    } catch {
      state.withLock { $0.nextTry = time.now.advanced(by: Self.restoringAgain) }
      events.emit(.serviceFailed("tokens", error))
      guard case .corrupt = error else { return }
      // Where that fails, too, it is tried again with the rest.
      _ = try? await store.commit(.removeStates(of: .companion, except: []))
    }
  }

  private var isDueToRestore: Bool {
    state.withLock { state in !state.isRestored && state.nextTry.map { $0 <= time.now } ?? true }
  }

  /// Stores what is learnt, until cancelled.
  package func run() async {
    await restore()
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(30))
    while !Task.isCancelled {
      await learning.onDue.wait(until: nil, on: time)
      guard !Task.isCancelled else { return }
      do throws(StoreFailure) {
        try await save(to: store)
        pause = Backoff(first: .milliseconds(100), cap: .seconds(30))
      } catch {
        if error == .closed { return }
        events.emit(.serviceFailed("tokens", error))
        try? await time.sleep(until: time.now.advanced(by: pause.next()), tolerance: nil)
        learning.onDue()
      }
    }
  }

  /// Stores what is left when no more is learnt, even when the calling task is cancelled. A store that is slow is not
  /// waited for: a few answers teach the same again.
  package func finish() async {
    let store = BoundedStore(base: store, time: time, limit: Self.patience)
    do throws(StoreFailure) {
      try await Unstructured.shielded { () async throws(StoreFailure) in try await self.save(to: store) }
    } catch {
      events.emit(.serviceFailed("tokens", error))
    }
  }

  private func save(to store: some CompanionStore) async throws(StoreFailure) {
    var failure: StoreFailure?
    let unstored = learning.unstored.map { (name: Self.name(of: $0), kept: Kept(model: $0, estimator: $1)) }
    for (name, kept) in unstored.sorted(by: { $0.name < $1.name }) {
      do throws(StoreFailure) { try await save(kept, as: name, to: store) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func save(
    _ kept: Kept, as name: StateName, to store: some CompanionStore
  ) async throws(StoreFailure) {
    let key = StateKey(.companion, .tokens, name)
    for _ in 1...Self.attempts {
      let known = Versioned(value: kept, version: state.withLock { $0.versions[name] ?? 0 })
      let put = try known.record(of: kept, as: key, at: time.now)
      do throws(StoreFailure) {
        try await store.commit(.putState(put))
        state.withLock { $0.versions[name] = put.version }
        return learning.note(stored: kept.estimator, of: kept.model)
      } catch {
        guard error == .conflict(.stateMoved) else { throw error }
      }
      let other = try await store.state(key)
      state.withLock { $0.versions[name] = other?.version ?? 0 }
      if let other, let better = take(other), better.reports >= kept.estimator.reports { return }
    }
    throw .conflict(.stateMoved)
  }

  /// - Returns: what it says; `nil` for what no version of the library has written, which is then overwritten.
  @discardableResult
  private func take(_ record: StateRecord) -> TokenEstimator? {
    state.withLock { $0.versions[record.key.name] = record.version }
    guard let kept = try? Versioned<Kept>(record).value else { return nil }
    learning.note(stored: kept.estimator, of: kept.model)
    return kept.estimator
  }

  private static func name(of model: ModelIdentity) -> StateName {
    StateName(bits: ContentHash(of: "\(model.provider)\n\(model.model)").rawValue)
  }
}
