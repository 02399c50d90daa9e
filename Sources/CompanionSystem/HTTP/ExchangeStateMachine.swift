import CompanionPorts
import FoundationEssentials

/// The head of a response.
struct ResponseHead: Equatable {
  var status: Int
  var headers: [String: String]
}

/// One request and its response, from the first byte to the last: the rules, without a lock or a thread.
///
/// Every input returns what is to be done about it. Each waiter that is handed in comes back in exactly one
/// action. Times are durations since the exchange was made.
struct ExchangeStateMachine<HeadWaiter: Sendable, ChunkWaiter: Sendable>: Sendable {
  /// What is to be done, outside of any lock.
  struct Action: Sendable {
    var head: (waiter: HeadWaiter, result: Result<ResponseHead, TransportFailure>)?
    /// A chunk; `nil` where the body ends.
    var chunk: (waiter: ChunkWaiter, result: Result<Data?, TransportFailure>)?
    var transfer: TransferCommand?
  }

  /// What is to be done when the idle timer fires.
  enum TimerAction: Sendable {
    case fail(Action)
    case fireAgain(after: Duration)
    case stop
  }

  private enum State: Sendable {
    case created
    case awaitingHead(HeadWaiter)
    case streaming(ChunkWaiter?)
    /// The transfer is over; what is held is still to be read.
    case transferred(TransportFailure?)
    /// Nothing is delivered any more but this.
    case ended(TransportFailure?)
  }

  private(set) var hasHead = false
  private var state = State.created
  private var held = HeldChunks()
  private var flow: TransferFlow
  private let idleTimeout: Duration
  private var lastActivity = Duration.zero

  init(limits: TransferFlow.Limits, idleTimeout: Duration) {
    flow = TransferFlow(limits: limits)
    self.idleTimeout = idleTimeout
  }

  /// Somebody waits for the head: the first input, given once.
  mutating func start(_ waiter: HeadWaiter, at now: Duration) -> Action {
    switch state {
    case .created:
      state = .awaitingHead(waiter)
      lastActivity = now
      return Action(transfer: .start)
    case .ended(let failure):
      return Action(head: (waiter, .failure(failure ?? Self.usedTwice)), transfer: .cancel)
    case .awaitingHead, .streaming, .transferred:
      return Action(head: (waiter, .failure(Self.usedTwice)))
    }
  }

  /// The head of the response is here.
  mutating func receive(_ head: ResponseHead, at now: Duration) -> Action {
    guard case .awaitingHead(let waiter) = state else { return Action() }
    state = .streaming(nil)
    hasHead = true
    lastActivity = now
    return Action(head: (waiter, .success(head)))
  }

  /// A part of the body is here.
  mutating func receive(_ chunk: Data, at now: Duration) -> Action {
    guard case .streaming(let waiter) = state, !chunk.isEmpty else { return Action() }
    lastActivity = now
    if let waiter {
      state = .streaming(nil)
      return Action(chunk: (waiter, .success(chunk)))
    }
    held.append(chunk)
    switch flow.held(held.byteCount) {
    case .command(let command): return Action(transfer: command)
    case .overflow:
      let message = "the answer came faster than it was read"
      state = .transferred(TransportFailure(.connectionLost, message: message))
      return Action(transfer: .cancel)
    }
  }

  /// The transfer has ended, by itself or because it was cancelled.
  mutating func complete(_ failure: TransportFailure?) -> Action {
    switch state {
    case .created:
      state = .ended(failure)
      return Action()
    case .awaitingHead(let waiter):
      let failure = failure ?? TransportFailure(.connectionLost, message: "the server sent no answer")
      state = .ended(failure)
      return Action(head: (waiter, .failure(failure)))
    case .streaming(let waiter?):
      state = .ended(failure)
      return Action(chunk: (waiter, Self.end(failure)))
    case .streaming(nil):
      state = .transferred(failure)
      return Action()
    case .transferred, .ended:
      return Action()
    }
  }

  /// Somebody waits for the next part of the body.
  mutating func next(_ waiter: ChunkWaiter, at now: Duration) -> Action {
    switch state {
    case .streaming(let other):
      guard other == nil else { return Action(chunk: (waiter, .failure(Self.usedTwice))) }
      guard let chunk = held.popFirst() else {
        state = .streaming(waiter)
        return Action()
      }
      let command = flow.drained(to: held.byteCount)
      // A paused server is not idle: it is listened to from here on.
      if command == .resume { lastActivity = now }
      return Action(chunk: (waiter, .success(chunk)), transfer: command)
    case .transferred(let failure):
      if let chunk = held.popFirst() { return Action(chunk: (waiter, .success(chunk))) }
      state = .ended(failure)
      return Action(chunk: (waiter, Self.end(failure)))
    case .ended(let failure):
      return Action(chunk: (waiter, Self.end(failure)))
    case .created, .awaitingHead:
      return Action(chunk: (waiter, .failure(Self.usedTwice)))
    }
  }

  /// A pause or a resumption has been carried out. Until then no other one is asked for, so that two threads
  /// never carry them out in the wrong order.
  mutating func flowChanged(at now: Duration) -> Action {
    guard case .streaming = state else { return Action() }
    let command = flow.carriedOut()
    if command == .resume { lastActivity = now }
    return Action(transfer: command)
  }

  /// The task that waits is cancelled, or nobody will read the body any more.
  mutating func cancel() -> Action {
    let failure = TransportFailure(.cancelled)
    held = HeldChunks()
    switch state {
    case .created:
      state = .ended(failure)
      return Action()
    case .awaitingHead(let waiter):
      state = .ended(failure)
      return Action(head: (waiter, .failure(failure)), transfer: .cancel)
    case .streaming(let waiter):
      state = .ended(failure)
      return Action(chunk: waiter.map { ($0, .failure(failure)) }, transfer: .cancel)
    case .transferred:
      state = .ended(failure)
      return Action()
    case .ended:
      return Action()
    }
  }

  /// The idle timer has fired.
  mutating func timerFired(at now: Duration) -> TimerAction {
    switch state {
    case .awaitingHead, .streaming:
      guard !flow.isPaused else { return .fireAgain(after: idleTimeout) }
      let rest = idleTimeout - (now - lastActivity)
      guard rest <= .zero else { return .fireAgain(after: rest) }
      var action = complete(TransportFailure(.timedOut, message: "nothing came for \(idleTimeout)"))
      action.transfer = .cancel
      return .fail(action)
    case .created, .transferred, .ended:
      return .stop
    }
  }

  private static func end(_ failure: TransportFailure?) -> Result<Data?, TransportFailure> {
    failure.map { .failure($0) } ?? .success(nil)
  }

  private static var usedTwice: TransportFailure {
    TransportFailure(.connectionLost, message: "an answer can be read once, by one reader")
  }
}
