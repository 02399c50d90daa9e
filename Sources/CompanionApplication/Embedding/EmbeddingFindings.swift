import CompanionDomain
import CompanionPorts
import Synchronization

/// What runs of one process have found out for those behind them: how many numbers the vectors of models have, at what
/// runs were ended, and how often the rate was limited.
final class EmbeddingFindings: Sendable {
  private struct State {
    var dimensions: [ModelIdentity: Int] = [:]
    var areAskedFor = false
    /// The number of the run that was ended at each last.
    var ends: [EmbeddingItem.ID: Int] = [:]
    var lastEnd = 0
    var limitsInARow = 0
  }

  private let state = Mutex(State())

  subscript(model: ModelIdentity) -> Int? { state.withLock { $0.dimensions[model] } }

  /// Whether a service is to be asked for what is not known, though there is nothing to embed.
  var areAskedFor: Bool { state.withLock { $0.areAskedFor } }

  func note(_ dimension: Int, of model: ModelIdentity) { state.withLock { $0.dimensions[model] = dimension } }

  /// From now on a service is asked for what is not known.
  func askFor() { state.withLock { $0.areAskedFor = true } }

  /// Tells which run was ended by its service at something last, counted from 1; `nil` for what is in nobody's way.
  func end(at item: EmbeddingItem.ID) -> Int? { state.withLock { $0.ends[item] } }

  func noteEnd(at items: [EmbeddingItem.ID]) {
    state.withLock { state in
      state.lastEnd += 1
      for item in items { state.ends[item] = state.lastEnd }
    }
  }

  /// Forgets what a run has come to an end with.
  func noteDone(with items: [EmbeddingItem.ID]) {
    state.withLock { state in for item in items { state.ends[item] = nil } }
  }

  /// How many runs have ended one after the other since the rate was limited, and nobody said until when, with nothing
  /// embedded in between.
  var limitsInARow: Int { state.withLock { $0.limitsInARow } }

  /// Takes in how a run has ended.
  func note(_ run: EmbeddingRun) {
    var isLimit = false
    if case .serviceFailed(let failure) = run.end {
      isLimit = failure.kind == .rateLimited && failure.retryAfter == nil
    }
    state.withLock { state in
      if run.embedded > 0 || !isLimit { state.limitsInARow = 0 }
      if isLimit { state.limitsInARow += 1 }
    }
  }
}
