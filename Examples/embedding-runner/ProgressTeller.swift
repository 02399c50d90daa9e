import CompanionKit
import ExampleSupport
import Synchronization

/// Tells how far a run is: on a terminal by one line that is drawn again, else by a line now and then.
final class ProgressTeller: EventSink {
  private struct State {
    var isDrawn = false
    var lastTold: Timestamp?
    /// How far it is, as it was told last.
    var summary = ""
    /// When the call began that is under way.
    var callSince: Timestamp?
  }

  private let state = Mutex(State())
  private let redraws: Bool

  /// - Parameter redraws: whether a line can be drawn again.
  init(redraws: Bool = Terminal.redraws) { self.redraws = redraws }

  func emit(_ event: CompanionEvent) {
    switch event.kind {
    case .embeddingProgressed(let progress): show(progress, at: event.time)
    case .modelCallStarted: state.withLock { $0.callSince = event.time }
    case .modelCallEnded: state.withLock { $0.callSince = nil }
    case .embeddingSpaceOpened(let space): tell("Vectors of \(space) are new here.")
    case .callWaits(let provider, let until, let reason):
      tell("Waiting for \(provider)\(until.map { " until \($0)" } ?? ""): \(reason)")
    case .serviceFailed(let service, let failure): tell("\(service): \(failure)")
    case .ledgerEntriesLost(let count):
      tell("\(counted(count, "entry", "entries")) of the ledger could not be stored")
    default: break
    }
  }

  /// Removes the line that is drawn.
  func clear() {
    state.withLock { state in
      if state.isDrawn { Terminal.draw("") }
      state.isDrawn = false
    }
  }

  /// Tells something on a line of its own.
  func tell(_ line: String) {
    clear()
    Terminal.tell(line)
  }

  /// Tells also of calls that take long, as long as the body runs.
  func whileTellingOfWaits<Value>(_ body: () async throws -> Value) async throws -> Value {
    async let _: Void = tellOfWaits()
    return try await body()
  }

  private static let interval = Duration.seconds(10)
  /// What takes less is not told.
  private static let longCall = Duration.seconds(5)

  private func tellOfWaits() async {
    while (try? await SystemTimeSource.system.sleep(for: .seconds(1))) != nil {
      let now = SystemTimeSource.system.now
      state.withLock { state in
        guard let wait = state.callSince?.duration(to: now), wait >= Self.longCall else { return }
        let line = "waiting for the service for \(wait.spoken)"
        if redraws {
          Terminal.draw(state.summary.isEmpty ? line : "\(state.summary); \(line)")
          state.isDrawn = true
        } else if wait >= Self.interval, state.lastTold.map({ $0.duration(to: now) >= Self.interval }) ?? true
        {
          Terminal.tell(line)
          state.lastTold = now
        }
      }
    }
  }

  private func show(_ progress: EmbeddingProgress, at time: Timestamp) {
    state.withLock { state in
      state.summary = "[\(progress.bar)] \(progress.summary)"
      if redraws {
        Terminal.draw(state.summary)
        state.isDrawn = true
      } else if state.lastTold.map({ $0.duration(to: time) >= Self.interval }) ?? true {
        Terminal.tell(progress.summary)
        state.lastTold = time
      }
    }
  }
}

extension EmbeddingProgress {
  fileprivate var bar: String {
    let width = 24
    let done = coverage.embedded + coverage.parked
    let filled = coverage.total > 0 ? done * width / coverage.total : width
    return String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
  }

  fileprivate var summary: String {
    var parts = ["\(coverage.embedded) of \(coverage.total)"]
    if coverage.parked > 0 { parts.append("\(coverage.parked) parked") }
    if rate > 0 {
      parts.append(rate < 10 ? "\((rate * 10).rounded() / 10) a second" : "\(Int(rate)) a second")
    }
    if let remaining, coverage.waiting > 0 { parts.append("\(remaining.spoken) left") }
    return parts.joined(separator: ", ")
  }
}
