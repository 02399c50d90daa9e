import CompanionDomain
import CompanionPorts
import Synchronization

/// The tries of one request: each provider gets one, the next after a failure that another may not have.
struct RoutedTries: Sendable {
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
    let failure: ProviderFailure
    switch await router.choice(for: needs, latest: latestStart, context) {
    case .call(let call, let event):
      if let event { router.events.emit(event, in: context) }
      if let last = failures.last {
        router.events.emit(.callFailedOver(from: last.id, to: call.id, last.failure), in: context)
      }
      return call
    case .wait(let wait): failure = Self.notReady(wait, at: router.time.now)
    case .none(let refusal): failure = refusal
    }
    throw failure.kind == .cancelled ? failure : firstToPass() ?? failure
  }

  /// A second provider, besides the one that is asked, when one is ready now.
  func another(than call: ProviderTable.Call) -> ProviderTable.Call? {
    var needs = needs
    needs.excluded.insert(call.id)
    guard case .call(let second, let event) = router.table.withLock({ $0.choose(needs, at: router.time.now) })
    else { return nil }
    if let event { router.events.emit(event, in: context) }
    return second
  }

  private var latestStart: Timestamp {
    switch purpose {
    case .answer: deadline ?? .distantFuture
    // A message is understood by rules sooner than a provider is ready.
    case .intent, .connectionTest: router.time.now
    default: deadline ?? router.time.now.advanced(by: Self.patienceOfTasks)
    }
  }

  private static func notReady(_ wait: ProviderTable.Wait, at now: Timestamp) -> ProviderFailure {
    var pause = wait.until.map { max(now.duration(to: $0), .milliseconds(1)) } ?? .seconds(1)
    if wait.mayBeSooner { pause = min(pause, .seconds(1)) }
    return ProviderFailure(.noProviderReady, retryAfter: pause, message: wait.description)
  }

  // MARK: What came of a try

  /// Takes in that a provider has failed, and is not to be tried again.
  mutating func note(_ call: ProviderTable.Call, _ failure: ProviderFailure) {
    failures.append((call.id, failure))
    needs.excluded.insert(call.id)
    if failure.kind == .contextLengthExceeded,
      let window = call.setup.capabilities.contextWindow
    {
      needs.windowBeyond = max(window, needs.windowBeyond ?? 0)
    }
    guard let task = context.task, failure.isAboutProvider else { return }
    router.table.withLock { $0.noteFailure(of: call.id, for: task) }
  }

  /// Takes in that a provider has failed before it has begun to answer; the next one may be tried when this
  /// returns.
  ///
  /// - Throws: the failure, when it is not one that another provider may not have.
  mutating func failed(_ call: ProviderTable.Call, _ failure: ProviderFailure) throws(ProviderFailure) {
    note(call, failure)
    guard needs.only == nil, mayBePassedOn(failure, of: call) else { throw failure }
  }

  /// Whether another provider may be asked after a failure.
  func mayBePassedOn(_ failure: ProviderFailure, of call: ProviderTable.Call) -> Bool {
    switch failure.disposition {
    case .transient, .permanentForProvider: true
    // It may have been billed: whether to do a task's work again is for the engine to say.
    case .ambiguous: purpose != .task && purpose != .image
    // What is too long for one may fit into another's window, where it is known to be larger.
    case .permanentForRequest:
      failure.kind == .contextLengthExceeded
        && call.setup.capabilities.contextWindow != nil
    case .neutral: false
    }
  }

  /// Of several failures, that of the provider that can be tried again first.
  private func firstToPass() -> ProviderFailure? {
    failures.map(\.failure).enumerated().min { left, right in
      (left.element.rank, left.element.retryAfter ?? .zero, left.offset)
        < (right.element.rank, right.element.retryAfter ?? .zero, right.offset)
    }?.element
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
