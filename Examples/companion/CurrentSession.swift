import CompanionKit
import Synchronization

/// The conversation that goes on: another one, once it has been forgotten.
final class CurrentSession: Sendable {
  private let state: Mutex<SessionID>

  init(_ id: SessionID) { state = Mutex(id) }

  var id: SessionID {
    get { state.withLock(\.self) }
    set { state.withLock { $0 = newValue } }
  }
}
