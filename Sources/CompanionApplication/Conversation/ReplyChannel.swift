import CompanionDomain
import CompanionPorts
import Synchronization

/// The way of an answer from the turn that makes it to the consumer who takes it: see ``ReplyStateMachine``.
final class ReplyChannel: Sendable {
  private typealias Consumer = CheckedContinuation<Result<String?, ChatFailure>, Never>
  private typealias Producer = CheckedContinuation<Bool, Never>
  private typealias Observer = CheckedContinuation<Void, Never>
  private typealias Machine = ReplyStateMachine<Consumer, Producer, Observer>

  let turn: TurnID
  private let machine = Mutex(Machine())
  private let nextObserver = Atomic<Int>(0)
  private let onDelivery: @Sendable (String) -> Void

  /// - Parameter onDelivery: told of each chunk that is handed over, in order, before the turn can end.
  init(turn: TurnID, onDelivery: @escaping @Sendable (String) -> Void) {
    self.turn = turn
    self.onDelivery = onDelivery
  }

  // MARK: The turn's side

  func beginStoring() -> Bool { machine.withLock { $0.beginStoring() } }

  func accept() { act { $0.accept() } }

  func close(_ end: Result<TurnOutcome, ChatFailure>) { act { $0.close(end) } }

  /// Waits until the answer is over, and says how.
  ///
  /// - Returns: `nil` when the task was cancelled before.
  func settled() async -> ReplySettlement? {
    await observe(.settled)
    return settlement
  }

  /// Ends the answer where it is, unless it has been delivered whole.
  func settle(_ reason: InterruptionReason) -> ReplySettlement {
    interrupt(reason)
    return settlement ?? .interrupted(reason)
  }

  var settlement: ReplySettlement? { machine.withLock { $0.settlement } }

  /// What the consumer has taken.
  var delivered: String { machine.withLock { $0.delivered } }

  /// Waits until more than so many bytes are acknowledged, or the answer is over.
  ///
  /// - Returns: what is beyond; empty when the answer is over or the task was cancelled.
  func acknowledged(beyond bytes: Int) async -> String {
    await observe(.acknowledged(beyond: bytes))
    return machine.withLock { $0.acknowledged(beyond: bytes) }
  }

  // MARK: The producer's side

  /// Gives a chunk to the consumer; waits while too many before it have not been taken.
  ///
  /// - Returns: `false` when nobody wants it any more.
  func send(_ chunk: String) async -> Bool {
    let (taken, wakeUps) = machine.withLock { $0.offer(chunk) }
    perform(wakeUps)
    if let taken { return taken && !Task.isCancelled }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (taken, wakeUps) = machine.withLock { $0.offer(chunk, from: continuation) }
        perform(wakeUps)
        if let taken { continuation.resume(returning: taken) }
      }
    } onCancel: {
      interrupt(.shutdown)
    }
  }

  /// No more chunks come.
  func finish(_ settlement: ReplySettlement) { act { $0.finish(settlement) } }

  // MARK: The consumer's side

  func next() async -> Result<String?, ChatFailure> {
    let (chunk, wakeUps) = machine.withLock { $0.demand() }
    perform(wakeUps)
    if let chunk {
      announce(chunk)
      return chunk
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (chunk, wakeUps) = machine.withLock { $0.demand(from: continuation) }
        perform(wakeUps)
        if let chunk {
          announce(chunk)
          continuation.resume(returning: chunk)
        }
        // A cancellation that came before the demand has found nothing to withdraw.
        if chunk == nil, Task.isCancelled { act { $0.withdrawDemand() } }
      }
    } onCancel: {
      act { $0.withdrawDemand() }
    }
  }

  /// Waits until the message is in the log.
  ///
  /// - Returns: why it will never be; `nil` when it is.
  func decided() async -> ChatFailure? {
    await withTaskCancellationHandler {
      await observe(.decided)
      // What is being stored cannot be withdrawn any more: also whoever was cancelled learns what became of it.
      if Task.isCancelled { await Unstructured.shielded { await self.observe(.decided) } }
    } onCancel: {
      interrupt(.abandoned)
    }
    return machine.withLock { $0.refusal }
  }

  var outcome: TurnOutcome? { machine.withLock { $0.outcome } }

  func interrupt(_ reason: InterruptionReason) { act { $0.interrupt(reason) } }

  // MARK: -

  private func act(_ input: (inout Machine) -> Machine.WakeUps) {
    perform(machine.withLock { input(&$0) })
  }

  private func perform(_ wakeUps: Machine.WakeUps) {
    if let (consumer, chunk) = wakeUps.consumer {
      announce(chunk)
      consumer.resume(returning: chunk)
    }
    if let (producer, isTaken) = wakeUps.producer { producer.resume(returning: isTaken) }
    for observer in wakeUps.observers { observer.resume() }
  }

  private func announce(_ chunk: Result<String?, ChatFailure>) {
    guard case .success(let text?) = chunk else { return }
    onDelivery(text)
    act { $0.announced() }
  }

  private func observe(_ condition: Machine.Condition) async {
    let id = nextObserver.add(1, ordering: .relaxed).newValue
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWaiting = machine.withLock { machine in
          !Task.isCancelled && machine.observe(condition, id: id, by: continuation)
        }
        if !isWaiting { continuation.resume() }
      }
    } onCancel: {
      act { $0.withdrawObserver(id) }
    }
  }
}
