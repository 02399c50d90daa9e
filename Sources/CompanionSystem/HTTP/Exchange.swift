import CompanionPorts
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request under way: asks its state machine under a lock, and acts outside of it.
final class Exchange: Sendable {
  private typealias Machine = ExchangeStateMachine<
    CheckedContinuation<Result<ResponseHead, TransportFailure>, Never>,
    CheckedContinuation<Result<Data?, TransportFailure>, Never>
  >

  private let machine: Mutex<Machine>
  private let task: URLSessionDataTask
  private let timer: IdleTimer
  private let idleTimeout: Duration
  private let beginning = ContinuousClock.now

  init(task: URLSessionDataTask, idleTimeout: Duration, timerQueue: DispatchQueue) {
    machine = Mutex(Machine(limits: .ofThisPlatform, idleTimeout: idleTimeout))
    self.task = task
    self.idleTimeout = idleTimeout
    timer = IdleTimer(queue: timerQueue)
  }

  /// Starts the transfer and waits for the head.
  func head() async throws(TransportFailure) -> ResponseHead {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in act { $0.start(waiter, at: now) } }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  /// Waits for the next part of the body; `nil` at its end.
  func nextChunk() async throws(TransportFailure) -> Data? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in act { $0.next(waiter, at: now) } }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }

  /// Ends the transfer, whatever has become of it.
  func cancel() { act { $0.cancel() } }

  func receive(_ head: ResponseHead) { act { $0.receive(head, at: now) } }

  func receive(_ chunk: Data) { act { $0.receive(chunk, at: now) } }

  func complete(_ error: (any Error)?) {
    timer.stop()
    act { machine in
      machine.complete(
        error.map { TransportFailure($0, afterHead: machine.hasHead, url: task.originalRequest?.url) })
    }
  }

  private var now: Duration { beginning.duration(to: .now) }

  private func act(_ input: (inout Machine) -> Machine.Action) {
    let action = machine.withLock { input(&$0) }
    switch action.transfer {
    case nil: break
    case .start:
      timer.start(after: idleTimeout) { [weak self] in self?.timerFired() }
      task.resume()
    case .pause:
      task.suspend()
      act { $0.flowChanged(at: now) }
    case .resume:
      task.resume()
      act { $0.flowChanged(at: now) }
    case .cancel:
      timer.stop()
      task.cancel()
    }
    if let (waiter, result) = action.head { waiter.resume(returning: result) }
    if let (waiter, result) = action.chunk { waiter.resume(returning: result) }
  }

  private func timerFired() {
    switch machine.withLock({ $0.timerFired(at: now) }) {
    case .fail(let action): act { _ in action }
    case .fireAgain(let delay): timer.start(after: delay) { [weak self] in self?.timerFired() }
    case .stop: timer.stop()
    }
  }
}
