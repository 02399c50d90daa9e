import CompanionDomain
import CompanionPorts
import Synchronization

/// The tries of one request: each provider gets one, the next after a failure that another may not have.
struct RoutedTries: Sendable {
  /// A call that has failed.
  typealias Failed = (call: ProviderTable.Call, failure: ProviderFailure)

  let router: ModelRouter
  private(set) var needs: RoutingNeeds
  let purpose: CallPurpose
  let context: EventContext
  /// When the call has to be made at the latest; `nil` for the purpose's own patience.
  let deadline: Timestamp?
  private var failures: [(id: ProviderID, failure: ProviderFailure)] = []

  init(
    router: ModelRouter, needs: RoutingNeeds, purpose: CallPurpose, context: EventContext,
    deadline: Timestamp?
  ) {
    self.router = router
    self.needs = needs
    self.purpose = purpose
    self.context = context
    self.deadline = deadline
  }

  /// How long a background task waits in a worker's hands; for longer it gives its worker back.
  private static let patienceOfTasks = Duration.seconds(1)

  /// A provider to call, as soon as there is one.
  ///
  /// - Throws: why there is none. When providers have failed already it is the failure of the one that can be
  ///   tried again first.
  mutating func next() async throws(ProviderFailure) -> ProviderTable.Call {
    try await router.loadSpending()
    let latest = latestStart
    var listener: (id: Int, wakeUp: WakeUp)?
    defer { if let listener { router.bell.unregister(listener.id) } }
    var hasTold = false
    while true {
      guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
      let now = router.time.now
      switch router.table.withLock({ $0.choose(needs, latest: latest, at: now) }) {
      case .call(let call, let event):
        if let event { router.events.emit(event, in: context) }
        guard try await hasStarted(call) else { continue }
        if let last = failures.last {
          router.events.emit(.callFailedOver(from: last.id, to: call.id, last.failure), in: context)
        }
        return call
      case .none(let failure): throw failures.isEmpty ? failure : firstToPass(at: now)
      case .wait(let id, let until, let reason):
        guard now < latest, until.map({ $0 <= latest }) ?? true else {
          throw failures.isEmpty ? Self.notReady(until, reason, at: now) : firstToPass(at: now)
        }
        // What changes from here on is heard; what changed before is seen by looking once more.
        guard let listener else {
          listener = router.bell.register()
          continue
        }
        if !hasTold { router.events.emit(.callWaits(id, until: until, reason: reason), in: context) }
        hasTold = true
        let end = until ?? latest
        await listener.wakeUp.wait(until: end == .distantFuture ? nil : end, on: router.time)
      }
    }
  }

  private var latestStart: Timestamp {
    let now = router.time.now
    return switch purpose {
    case .answer: deadline ?? .distantFuture
    // A message is understood by rules sooner than a provider is ready.
    case .intent, .connectionTest: now
    default: deadline ?? now.advanced(by: Self.patienceOfTasks)
    }
  }

  /// Waits for a call's start, when that has to wait for a rate.
  ///
  /// - Returns: `false` when the call is not to be made any more.
  private func hasStarted(_ call: ProviderTable.Call) async throws(ProviderFailure) -> Bool {
    guard call.start > router.time.now else { return true }
    let reason = "\(call.id) is at its rate limit"
    router.events.emit(.callWaits(call.id, until: call.start, reason: reason), in: context)
    let isCancelled = (try? await router.time.sleep(until: call.start, tolerance: nil)) == nil
    let now = router.time.now
    guard isCancelled || !router.table.withLock({ $0.isCurrent(call, at: now) }) else { return true }
    _ = router.settle(
      call, .notMade, usage: nil, latency: nil, start: now, purpose: purpose, context: context)
    if isCancelled { throw ProviderFailure(.cancelled) }
    return false
  }

  private static func notReady(_ until: Timestamp?, _ reason: String, at now: Timestamp) -> ProviderFailure {
    let wait = until.map { max(now.duration(to: $0), .zero) } ?? .seconds(1)
    return ProviderFailure(.noProviderReady, retryAfter: wait, message: reason)
  }

  // MARK: What came of a try

  /// Takes in that a provider has failed, and is not to be tried again.
  mutating func note(_ call: ProviderTable.Call, _ failure: ProviderFailure) {
    failures.append((call.id, failure))
    needs.excluded.insert(call.id)
    guard let task = context.task, failure.isAboutProvider else { return }
    router.table.withLock { $0.noteFailure(of: call.id, for: task) }
  }

  /// Takes in that a provider has failed; the next one may be tried when this returns.
  ///
  /// - Parameter isBegun: whether a part of the answer has been seen: no other provider goes on with that.
  /// - Throws: the failure, when it is not one that another provider may not have.
  mutating func failed(
    _ call: ProviderTable.Call, _ failure: ProviderFailure, isBegun: Bool
  ) throws(ProviderFailure) {
    note(call, failure)
    guard !isBegun, needs.only == nil else { throw failure }
    switch failure.disposition {
    case .transient, .permanentForProvider: break
    // It may have been billed: whether to do a task's work again is for the engine to say.
    case .ambiguous: if purpose == .task || purpose == .image { throw failure }
    case .permanentForRequest:
      guard failure.kind == .contextLengthExceeded,
        let window = call.provider.configuration.capabilities.contextWindow
      else { throw failure }
      needs.windowBeyond = max(window, needs.windowBeyond ?? 0)
    case .neutral: throw failure
    }
  }

  /// Of several failures, that of the provider that can be tried again first.
  private func firstToPass(at now: Timestamp) -> ProviderFailure {
    let ranked = failures.map(\.failure).enumerated().min { left, right in
      (left.element.rank, left.element.retryAfter ?? .zero, left.offset)
        < (right.element.rank, right.element.retryAfter ?? .zero, right.offset)
    }
    return ranked?.element ?? ProviderFailure(.unknown)
  }
}

extension ProviderFailure {
  /// How soon it may pass, the soonest first.
  fileprivate var rank: Int {
    switch disposition {
    case .transient: 0
    case .ambiguous: 1
    case .permanentForProvider: 2
    case .permanentForRequest: 3
    case .neutral: 4
    }
  }
}
