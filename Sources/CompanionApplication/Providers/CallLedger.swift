import CompanionDomain
package import CompanionPorts
import Synchronization

/// Enters calls in the ledger, off the way of those who make them.
///
/// An entry is in the store a moment after its call; a crash in between loses it.
package final class CallLedger: Sendable {
  private let store: any CompanionStore
  private let time: any TimeSource
  private let events: EventEmitter
  private let retention: Duration
  private let entries = Mutex<[LedgerEntry]>([])
  private let wakeUp = WakeUp()
  private let writing = ConcurrencyLimit(1)

  /// The most entries that wait for a store that fails; those beyond are lost, and an event says so.
  private static let limit = 10_000
  /// How long an entry waits for others.
  private static let gathering = Duration.milliseconds(20)
  /// The most entries of one commit.
  private static let batch = 500

  init(store: any CompanionStore, time: any TimeSource, events: EventEmitter, retention: Duration) {
    self.store = store
    self.time = time
    self.events = events
    self.retention = retention
  }

  /// Takes an entry; it is stored soon.
  func enter(_ entry: LedgerEntry) {
    let (lost, isFirst) = entries.withLock { entries -> (Int, Bool) in
      entries.append(entry)
      guard entries.count > Self.limit else { return (0, entries.count == 1) }
      // Many at a time, so that it need not be done at each call.
      entries.removeFirst(Self.batch)
      return (Self.batch, false)
    }
    if lost > 0 { events.emit(.ledgerEntriesLost(lost)) }
    if isFirst { wakeUp() }
  }

  /// Stores entries as they come, and removes those that are too old, until cancelled.
  ///
  /// - Parameter counted: from when on entries are kept however old they are, for a budget counts them; `nil` for
  ///   none.
  func run(keepingFrom counted: @Sendable () -> Timestamp?) async {
    var nextPruning = time.now
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(30))
    while !Task.isCancelled {
      var retry: Timestamp?
      do throws(StoreFailure) {
        try await flush()
        if time.now >= nextPruning {
          let old = time.now.advanced(by: .zero - retention)
          let first = min(old, counted() ?? old)
          if first > Timestamp(nanosecondsSinceEpoch: .min) {
            try await store.commit(.pruneLedger(before: first))
          }
          nextPruning = time.now.advanced(by: .seconds(86_400))
        }
        pause = Backoff(first: .milliseconds(100), cap: .seconds(30))
      } catch {
        if error == .closed { return }
        events.emit(.serviceFailed("ledger", error))
        retry = time.now.advanced(by: pause.next())
      }
      if let retry {
        // More calls are no reason to ask a store sooner that fails.
        try? await time.sleep(until: retry, tolerance: nil)
      } else {
        await wakeUp.wait(until: nextPruning, on: time)
        // What comes right after it goes into the same commit.
        try? await time.sleep(until: time.now.advanced(by: Self.gathering), tolerance: nil)
      }
    }
  }

  /// Stores what is left when no more calls are made, even when the calling task is cancelled.
  package func finish() async {
    do throws(StoreFailure) {
      try await Unstructured.shielded { () async throws(StoreFailure) in try await self.flush() }
    } catch {
      events.emit(.serviceFailed("ledger", error))
      events.emit(.ledgerEntriesLost(entries.withLock(\.count)))
    }
  }

  /// Stores what has not been stored yet.
  package func flush() async throws(StoreFailure) {
    guard entries.withLock({ !$0.isEmpty }) else { return }
    // Whoever is cancelled while it waits leaves it to the one that writes.
    guard (try? await writing.enter()) != nil else { return }
    defer { writing.leave() }
    while true {
      let batch = entries.withLock { Array($0.prefix(Self.batch)) }
      guard !batch.isEmpty else { return }
      do throws(StoreFailure) {
        try await store.commit(ChangeSet(batch.map { .enterCall($0) }))
      } catch {
        // It would be the same again; but one that is not valid does not take the others with it.
        guard case .invalid = error else { throw error }
        events.emit(.serviceFailed("ledger", error))
        try await storeOneByOne(batch)
      }
      remove(batch)
    }
  }

  private func storeOneByOne(_ batch: [LedgerEntry]) async throws(StoreFailure) {
    for entry in batch {
      do throws(StoreFailure) {
        try await store.commit(.enterCall(entry))
      } catch {
        guard case .invalid = error else { throw error }
        events.emit(.ledgerEntriesLost(1))
        remove([entry])
      }
    }
  }

  private func remove(_ stored: [LedgerEntry]) {
    let ids = Set(stored.map(\.id))
    entries.withLock { entries in
      // They are the first ones, unless the store has failed for so long that some have given way.
      if entries.prefix(stored.count).allSatisfy({ ids.contains($0.id) }) {
        entries.removeFirst(min(stored.count, entries.count))
      } else {
        entries.removeAll { ids.contains($0.id) }
      }
    }
  }
}
