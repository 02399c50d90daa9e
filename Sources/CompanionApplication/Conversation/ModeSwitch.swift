package import CompanionDomain
import CompanionPorts
import Synchronization

/// The mode in which answers are given, which may be changed while the companion runs.
package final class ModeSwitch: Sendable {
  private let mode: Mutex<ChatMode>

  init(_ mode: ChatMode) { self.mode = Mutex(mode) }

  package var current: ChatMode { mode.withLock { $0 } }

  /// - Returns: whether it was another one before.
  package func change(to new: ChatMode) -> Bool {
    mode.withLock { mode in
      defer { mode = new }
      return mode != new
    }
  }
}
