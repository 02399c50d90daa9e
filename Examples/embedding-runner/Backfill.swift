import CompanionKit
import ExampleSupport

/// Embeds until nothing is left: again when what has failed is due, and when a service that has asked for a rest may
/// be called.
struct Backfill {
  /// What several runs came to.
  struct Total {
    var embedded = 0
    var vectors = 0
    var calls = 0
    var tokens = 0
    var duration = Duration.zero
    var last: EmbeddingRun

    var summary: String {
      var parts = [counted(embedded, "text", "texts"), counted(vectors, "vector", "vectors")]
      parts.append(counted(calls, "call", "calls"))
      if tokens > 0 { parts.append("\(tokens) tokens") }
      parts.append(duration.inSeconds)
      return parts.joined(separator: ", ")
    }

    init(_ run: EmbeddingRun) {
      last = run
      add(run)
    }

    mutating func add(_ run: EmbeddingRun) {
      embedded += run.embedded
      vectors += run.vectors
      calls += run.calls
      tokens += run.tokens
      duration += run.duration
      last = run
    }
  }

  let companion: Companion
  let tell: (String) -> Void

  /// How often in a row a service may ask for a rest before it has embedded anything more.
  private static let patience = 5

  func callAsFunction() async throws -> Total {
    var total = Total(await companion.embedAll())
    var restsInVain = 0
    while !Task.isCancelled {
      let wait: Duration
      switch total.last.end {
      case .complete:
        guard let next = total.last.nextRetry else { return total }
        wait = max(SystemTimeSource.system.now.duration(to: next), .zero)
        tell("Some could not be embedded and are tried again in \(wait.spoken).")
      case .serviceFailed(let failure):
        restsInVain = total.last.embedded > 0 ? 0 : restsInVain + 1
        guard let asked = failure.retryAfter, restsInVain < Self.patience else { return total }
        wait = asked
        tell("\(failure)")
      default: return total
      }
      try await SystemTimeSource.system.sleep(for: wait)
      total.add(await companion.embedAll())
    }
    try Task.checkCancellation()
    return total
  }
}
