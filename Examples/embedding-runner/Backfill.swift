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
  /// How often what the service answers everything but is tried again.
  let retries: Int
  let tell: (String) -> Void

  func callAsFunction() async throws -> Total {
    var patience = ServicePatience()
    var total = Total(await companion.embedAll())
    while !Task.isCancelled {
      if total.last.embedded > 0 { patience.noteAnswer() }
      let wait: Duration
      switch total.last.end {
      case .complete:
        guard let next = total.last.nextRetry else { return total }
        wait = max(SystemTimeSource.system.now.duration(to: next), .zero)
        tell("Some could not be embedded and are tried again in \(wait.spoken).")
      case .serviceFailed(let failure):
        guard let rest = patience.wait(after: failure) else { return total }
        // All else is done: what the service refuses to answer alone is due at a time of its own.
        let isAlone = failure.retryAfter == nil && total.last.failed > 0
        let due = isAlone ? total.last.nextRetry.map { SystemTimeSource.system.now.duration(to: $0) } : nil
        guard !isAlone || patience.waits <= retries else { return total }
        wait = max(rest, due ?? .zero)
        tell(
          "\(failure) Asked again in \(wait.spoken), \(patience.waits) of \(ServicePatience.mostWaits) times."
        )
      default: return total
      }
      try await SystemTimeSource.system.sleep(for: wait)
      total.add(await companion.embedAll())
    }
    try Task.checkCancellation()
    return total
  }
}
