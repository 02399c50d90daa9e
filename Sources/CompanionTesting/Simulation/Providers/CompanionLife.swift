import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// One life of a simulated process that talks, works on tasks, and calls providers.
final class CompanionLife: Sendable {
  private struct State {
    var loop: ChatLoop?
    /// Versions that are used although nobody has put them in place; see ``PlantedProviderFlaw``.
    var hastyVersions: [Int: Int] = [:]
    var isUpdating = false
    var isStopping = false
  }

  /// Its place among all lives.
  let index: Int
  /// Which life of its process it is.
  let number: Int
  let process: ProcessLife
  private let state = Mutex(State())

  init(index: Int, number: Int, process: ProcessLife) {
    self.index = index
    self.number = number
    self.process = process
  }

  var hasDied: Bool { process.hasDied }

  /// The loop of the process' conversation; `nil` between two.
  var loop: ChatLoop? { state.withLock { $0.loop } }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  func begin(_ loop: ChatLoop) -> Bool {
    state.withLock { state in
      guard !state.isStopping else { return false }
      state.loop = loop
      return true
    }
  }

  func stopChat() {
    let loop = state.withLock { state in
      state.isStopping = true
      return state.loop
    }
    loop?.finish()
  }

  /// The version that is called whatever the router says; `nil` for what the router says.
  func version(of provider: Int) -> Int? { state.withLock { $0.hastyVersions[provider] } }

  func useHastily(_ version: Int, of provider: Int) {
    state.withLock { $0.hastyVersions[provider] = version }
  }

  /// One update at a time, so that what is put in place is what was tested last.
  func beginUpdate() -> Bool {
    state.withLock { state in
      defer { state.isUpdating = true }
      return !state.isUpdating
    }
  }

  func endUpdate() { state.withLock { $0.isUpdating = false } }
}
