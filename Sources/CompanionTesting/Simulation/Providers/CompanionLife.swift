import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// One life of a simulated process that talks, works on tasks, and calls providers.
final class CompanionLife: Sendable {
  private struct State {
    /// Versions that are used although nobody has put them in place; see ``PlantedProviderFlaw``.
    var hastyVersions: [Int: Int] = [:]
    var isUpdating = false
  }

  /// Its place among all lives.
  let index: Int
  /// Which life of its process it is.
  let number: Int
  let process: ProcessLife
  let chat = SimulatedChat()
  private let state = Mutex(State())

  init(index: Int, number: Int, process: ProcessLife) {
    self.index = index
    self.number = number
    self.process = process
  }

  var hasDied: Bool { process.hasDied }

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
