import CompanionKit
import Synchronization

/// What workers have told of before they were killed.
final class CrashLedger: Sendable {
  struct Contents {
    /// The tasks that were acknowledged, in the order in which that was heard.
    var acknowledged: [TaskID] = []
    var keys: [String: Set<TaskID>] = [:]
    /// The leases under which workers were told that an outcome was accepted.
    var completions: [TaskID: [LeaseNumber]] = [:]
    /// The workers that have acknowledged anything.
    var heard: Set<Int> = []
    var busy = 0
    var flaws: [String] = []
    fileprivate var known: Set<TaskID> = []
  }

  private let state = Mutex(Contents())

  var contents: Contents { state.withLock { $0 } }

  func take(_ line: String, from worker: Int) {
    let parsed = WorkerLine(line)
    state.withLock { state in
      switch parsed {
      case .acknowledged(let id, let key):
        if state.known.insert(id).inserted { state.acknowledged.append(id) }
        state.heard.insert(worker)
        if let key { state.keys[key, default: []].insert(id) }
      case .completed(let id, let lease): state.completions[id, default: []].append(lease)
      case .busy: state.busy += 1
      case .flaw(let what): state.flaws.append("Worker \(worker): \(what)")
      case nil: state.flaws.append("Worker \(worker) said what nobody understands: \(line)")
      }
    }
  }
}
