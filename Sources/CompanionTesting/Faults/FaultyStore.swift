import CompanionApplication
import CompanionDomain
public import CompanionPorts
import Synchronization

/// A store as one process sees it, with faults: put one around the same store for each process.
///
/// ```swift
/// let store = InMemoryStore(time: simulator.time)
/// let flaky = FaultyStore(store, plan: .once(.crashAfter, atCall: 7), time: simulator.time)
/// ```
///
/// When its process has crashed it does nothing more, and throws `StoreFailure.closed` for ever; what else
/// runs in the process is the scenario's to cancel.
public final class FaultyStore: ConversationStore, TaskStore, LedgerStore, MemoryStore, DocumentStore,
  TextIndex, EmbeddingIndex, StateStore
{
  private struct State {
    var calls = 0
    var hasCrashed = false
    var hasFaults = true
    var hold: Gate?
  }

  let base: any CompanionStore
  private let plan: StoreFaultPlan
  private let time: any TimeSource
  private let yields: Bool
  private let onFault: @Sendable (StoreCall, StoreFault) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - base: the store.
  ///   - plan: which calls go wrong.
  ///   - time: how slow and late are measured; the simulator's.
  ///   - yields: whether others may run before every call, as they may where a store takes its time. A loop of calls
  ///     then counts in the steps of a run, and ends with it.
  ///   - onFault: told of every fault of a call, as it happens; of a crash, when the store is closed.
  public init(
    _ base: any ConversationStore & TaskStore & LedgerStore & MemoryStore & DocumentStore & TextIndex
      & EmbeddingIndex & StateStore,
    plan: StoreFaultPlan = .none,
    time: any TimeSource,
    yields: Bool = false,
    onFault: @escaping @Sendable (StoreCall, StoreFault) -> Void = { _, _ in }
  ) {
    self.base = base
    self.plan = plan
    self.time = time
    self.yields = yields
    self.onFault = onFault
  }

  /// How many calls there have been.
  public var callCount: Int { state.withLock { $0.calls } }

  /// Whether its process has died.
  public var hasCrashed: Bool { state.withLock { $0.hasCrashed } }

  /// The process dies now. What the store is doing at this moment may still be done; nobody learns of it.
  public func crash() {
    let hold = state.withLock { state in
      state.hasCrashed = true
      return state.hold.take()
    }
    hold?.open()
  }

  /// From now on all goes well, except for what has gone wrong already.
  public func endFaults() { state.withLock { $0.hasFaults = false } }

  /// Holds the process up: no call begins, and none returns, until ``release()``.
  public func hold() { state.withLock { $0.hold = $0.hold ?? Gate() } }

  /// Lets the process go on.
  public func release() { state.withLock { $0.hold.take() }?.open() }

  // MARK: Calls

  func call<Value: Sendable>(
    _ kind: StoreCall.Kind,
    _ body: (any CompanionStore) async throws(StoreFailure) -> Value
  ) async throws(StoreFailure) -> Value {
    if yields { await Task.yield() }
    try await passHold()
    let call = state.withLock { state in
      state.calls += 1
      return StoreCall(number: state.calls, kind: kind)
    }
    let fault = state.withLock { $0.hasFaults } ? plan.fault(call) : nil
    if let fault, fault != .crashBefore, fault != .crashAfter { onFault(call, fault) }
    switch fault {
    case .crashBefore: throw crash(call, .crashBefore)
    case .busy: throw .busy("another process")
    case .slow(let duration): try? await time.sleep(until: time.now.advanced(by: duration), tolerance: nil)
    case .hang:
      while (try? await time.sleep(until: .distantFuture, tolerance: nil)) != nil {}
      throw .closed
    case .crashAfter, .errorAfter, nil: break
    }
    try await passHold()
    let value = try await body(base)
    if fault == .crashAfter { throw crash(call, .crashAfter) }
    try await passHold()
    if fault == .errorAfter { throw .unknown("the answer was lost") }
    return value
  }

  private func crash(_ call: StoreCall, _ fault: StoreFault) -> StoreFailure {
    crash()
    onFault(call, fault)
    return .closed
  }

  /// Waits while the process is held up.
  private func passHold() async throws(StoreFailure) {
    while let hold = state.withLock({ $0.hold }), !Task.isCancelled { try? await hold.wait() }
    if hasCrashed { throw .closed }
  }

  // MARK: News

  func faulty(_ changes: AsyncStream<Void>) -> AsyncStream<Void> {
    guard plan.newsFault != nil else { return changes }
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    // It outlives this call, and ends with its consumer.
    let pump = Unstructured.start(name: "news of changes") { [self] in
      for await _ in changes { await passOn(to: continuation) }
      continuation.finish()
    }
    continuation.onTermination = { _ in pump.cancel() }
    return stream
  }

  private func passOn(to consumer: AsyncStream<Void>.Continuation) async {
    guard (try? await passHold()) != nil else { return }
    switch state.withLock({ $0.hasFaults }) ? plan.newsFault?() : nil {
    case .lost: return
    case .doubled:
      consumer.yield()
      await Task.yield()
    case .late(let delay): try? await time.sleep(until: time.now.advanced(by: delay), tolerance: nil)
    case nil: break
    }
    consumer.yield()
  }
}
