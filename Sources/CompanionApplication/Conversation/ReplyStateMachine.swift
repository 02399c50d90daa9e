import CompanionDomain
import CompanionPorts

/// Why no more of an answer is given out.
enum ReplySettlement: Hashable, Sendable {
  case whole
  case failed(ProviderFailure)
  case interrupted(InterruptionReason)
}

/// The rules of a reply: who waits for whom, what counts as delivered, and how it ends.
///
/// A chunk is *delivered* when the consumer has taken it, and *acknowledged* when the consumer has come back
/// for more. An interruption keeps what was delivered. A crash keeps what was acknowledged: a consumer that
/// shows a chunk before it asks for the next never finds more in the log than was shown.
///
/// Every input returns whom to wake; the caller does so when it has let go of its lock.
struct ReplyStateMachine<Consumer: Sendable, Producer: Sendable, Observer: Sendable>: Sendable {
  /// What an observer waits for.
  enum Condition: Hashable, Sendable {
    /// The message is in the log, or will never be.
    case decided
    /// More than so many bytes are acknowledged, or the reply has settled.
    case acknowledged(beyond: Int)
    case settled
  }

  /// Whom to wake, and with what.
  struct WakeUps: Sendable {
    var consumer: (Consumer, Result<String?, ChatFailure>)?
    var producer: (Producer, Bool)?
    var observers: [Observer] = []
  }

  private enum Phase: Sendable {
    /// The message is not in the log yet.
    case proposed
    /// The message is being stored: it can no longer be withdrawn.
    case storing
    case open
    /// The producer is done; its last chunks are still to be taken and acknowledged.
    case draining(ReplySettlement)
    case settled(ReplySettlement)
    case closed(Result<TurnOutcome, ChatFailure>)
  }

  /// How many chunks may wait for the consumer. A few, so that producer and consumer need not take turns for
  /// each one; no more, because what waits is dropped by an interruption and may have been paid for.
  static var capacity: Int { 16 }

  private var phase = Phase.proposed
  private var waiting = ChunkQueue()
  private var acknowledgedBytes = 0
  private var consumer: Consumer?
  private var producer: (Producer, chunk: String)?
  private var observers: [(id: Int, condition: Condition, Observer)] = []
  private var interruption: InterruptionReason?
  /// Chunks that have been handed over, and of which no event has told yet.
  private var unannounced = 0

  /// Everything that the consumer has taken.
  private(set) var delivered = ""

  // MARK: What is asked

  var settlement: ReplySettlement? {
    if case .settled(let settlement) = phase { settlement } else { nil }
  }

  var outcome: TurnOutcome? {
    switch phase {
    case .closed(.success(let outcome)): outcome
    case .closed(.failure(let failure)): .failed(failure)
    default: nil
    }
  }

  /// Why the message was not taken; `nil` when it was, or that is still open.
  var refusal: ChatFailure? {
    if case .closed(.failure(let failure)) = phase { failure } else { nil }
  }

  /// What has been acknowledged beyond so many bytes.
  func acknowledged(beyond bytes: Int) -> String {
    guard bytes < acknowledgedBytes else { return "" }
    let text = delivered.utf8
    let start = text.index(text.startIndex, offsetBy: bytes)
    return String(delivered[start..<text.index(text.startIndex, offsetBy: acknowledgedBytes)])
  }

  func isFulfilled(_ condition: Condition) -> Bool {
    switch (condition, phase) {
    case (_, .closed): true
    // What settles the turn waits until all that was handed over has been told of: events stay in order.
    case (.settled, .settled): unannounced == 0
    case (_, .settled): true
    case (.decided, .open), (.decided, .draining): true
    case (.acknowledged(let bytes), _): acknowledgedBytes > bytes
    default: false
    }
  }

  // MARK: The turn's inputs

  /// The message is about to be stored; `false` when it has been withdrawn, or the reply has ended.
  mutating func beginStoring() -> Bool {
    guard case .proposed = phase else { return false }
    phase = .storing
    return true
  }

  /// The message is in the log: the answer may begin.
  mutating func accept() -> WakeUps {
    guard case .storing = phase else { return WakeUps() }
    phase = interruption.map { .settled(.interrupted($0)) } ?? .open
    return wakingObservers()
  }

  /// Everything is stored: the consumer gets its end.
  mutating func close(_ end: Result<TurnOutcome, ChatFailure>) -> WakeUps {
    if case .closed = phase { return WakeUps() }
    phase = .closed(end)
    var wakeUps = wakingObservers()
    if let consumer = consumer.take() { wakeUps.consumer = (consumer, ending) }
    if let (producer, _) = producer.take() { wakeUps.producer = (producer, false) }
    waiting = ChunkQueue()
    return wakeUps
  }

  // MARK: The producer's inputs

  /// Offers a chunk. `false` says that nobody wants it any more, `nil` that there is no room: see
  /// ``offer(_:from:)``.
  mutating func offer(_ chunk: String) -> (Bool?, WakeUps) {
    guard case .open = phase else { return (false, WakeUps()) }
    guard !chunk.isEmpty else { return (true, WakeUps()) }
    if let consumer = consumer.take() {
      delivered += chunk
      unannounced += 1
      return (true, WakeUps(consumer: (consumer, .success(chunk))))
    }
    guard waiting.count < Self.capacity else { return (nil, WakeUps()) }
    waiting.append(chunk)
    return (true, WakeUps())
  }

  /// Offers a chunk as ``offer(_:)`` does; where there is no room, the producer is woken when there is.
  mutating func offer(_ chunk: String, from producer: @autoclosure () -> Producer) -> (Bool?, WakeUps) {
    let (isTaken, wakeUps) = offer(chunk)
    if isTaken == nil { self.producer = (producer(), chunk) }
    return (isTaken, wakeUps)
  }

  /// An event has told of a chunk that was handed over.
  mutating func announced() -> WakeUps {
    unannounced -= 1
    return wakingObservers()
  }

  /// No more chunks come.
  mutating func finish(_ settlement: ReplySettlement) -> WakeUps {
    guard case .open = phase else { return WakeUps() }
    phase = .draining(settlement)
    return settlingIfDrained()
  }

  // MARK: The consumer's inputs

  /// The consumer wants the next chunk, and so acknowledges all before. Gives it at once, or by a wake-up.
  mutating func demand(
    from consumer: @autoclosure () -> Consumer
  ) -> (Result<String?, ChatFailure>?, WakeUps) {
    let (chunk, wakeUps) = demand()
    if let chunk { return (chunk, wakeUps) }
    let displaced = self.consumer.take()
    self.consumer = consumer()
    var settling = settlingIfDrained()
    settling.consumer = displaced.map { ($0, .success(nil)) }
    settling.observers += wakeUps.observers
    return (nil, settling)
  }

  /// The consumer wants the next chunk; `nil` when it has to wait: see ``demand(from:)``.
  mutating func demand() -> (Result<String?, ChatFailure>?, WakeUps) {
    acknowledgedBytes = delivered.utf8.count
    var wakeUps = wakingObservers()
    if case .closed = phase { return (ending, wakeUps) }
    guard let chunk = waiting.popFirst() else { return (nil, wakeUps) }
    delivered += chunk
    unannounced += 1
    if waiting.count <= Self.capacity / 2, let (producer, next) = producer.take() {
      waiting.append(next)
      wakeUps.producer = (producer, true)
    }
    return (.success(chunk), wakeUps)
  }

  /// Takes back a consumer's demand. Its task was cancelled: the answer is interrupted.
  mutating func withdrawDemand() -> WakeUps {
    var wakeUps = interrupt(.abandoned)
    if let consumer = consumer.take() { wakeUps.consumer = (consumer, .success(nil)) }
    return wakeUps
  }

  // MARK: Everybody's inputs

  /// Stops the answer: what was delivered is kept, what was not is dropped.
  mutating func interrupt(_ reason: InterruptionReason) -> WakeUps {
    switch phase {
    case .proposed where reason == .abandoned: return close(.failure(.cancelled))
    case .proposed, .storing:
      // A newer message does not take away what this one asks for; see `ChatLoop`.
      interruption = interruption ?? reason
      return WakeUps()
    case .settled, .closed: return WakeUps()
    case .draining(let settlement) where waiting.count == 0:
      // Everything has been delivered: there is nothing left to interrupt.
      phase = .settled(settlement)
      return wakingObservers()
    case .open, .draining:
      phase = .settled(.interrupted(reason))
      waiting = ChunkQueue()
      var wakeUps = wakingObservers()
      if let (producer, _) = producer.take() { wakeUps.producer = (producer, false) }
      return wakeUps
    }
  }

  /// Adds an observer; `false` when there is nothing to wait for.
  mutating func observe(_ condition: Condition, id: Int, by observer: @autoclosure () -> Observer) -> Bool {
    guard !isFulfilled(condition) else { return false }
    observers.append((id, condition, observer()))
    return true
  }

  /// Takes back an observer.
  mutating func withdrawObserver(_ id: Int) -> WakeUps {
    guard let index = observers.firstIndex(where: { $0.id == id }) else { return WakeUps() }
    return WakeUps(observers: [observers.remove(at: index).2])
  }

  // MARK: -

  private var ending: Result<String?, ChatFailure> {
    switch phase {
    case .closed(.success(.failed(let failure))): .failure(failure)
    case .closed(.failure(let failure)): .failure(failure)
    default: .success(nil)
    }
  }

  /// The chunks that have been offered and not taken, oldest first.
  private struct ChunkQueue: Sendable {
    private var chunks: [String] = []
    private var taken = 0

    var count: Int { chunks.count - taken }

    mutating func append(_ chunk: String) { chunks.append(chunk) }

    mutating func popFirst() -> String? {
      guard taken < chunks.count else { return nil }
      defer {
        taken += 1
        if taken == chunks.count {
          chunks.removeAll(keepingCapacity: true)
          taken = 0
        }
      }
      return chunks[taken]
    }
  }

  private mutating func settlingIfDrained() -> WakeUps {
    let isDrained = waiting.count == 0 && acknowledgedBytes == delivered.utf8.count
    if case .draining(let settlement) = phase, isDrained, consumer != nil { phase = .settled(settlement) }
    return wakingObservers()
  }

  private mutating func wakingObservers() -> WakeUps {
    guard observers.contains(where: { isFulfilled($0.condition) }) else { return WakeUps() }
    var woken: [Observer] = []
    var rest: [(id: Int, condition: Condition, Observer)] = []
    for observer in observers {
      if isFulfilled(observer.condition) { woken.append(observer.2) } else { rest.append(observer) }
    }
    observers = rest
    return WakeUps(observers: woken)
  }
}
