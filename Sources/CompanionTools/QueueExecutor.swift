import Dispatch

/// Runs an actor's jobs one after another on a dispatch queue of its own.
///
/// Files block. On its own queue that costs a thread of the dispatch library and never one of the cooperative
/// pool, whose threads everything else shares.
final class QueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The runtime keeps the job alive until it has run, which it does exactly once, here.
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
