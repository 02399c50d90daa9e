import CompanionKit
import Synchronization

/// Which calls wait for a provider, and which went on to another.
final class ProviderBoard: EventSink {
  /// How often calls went on from a provider to another, and how the last one came to it.
  struct Failovers {
    var count = 0
    var time: Timestamp
    var failure: ProviderFailure
  }

  private struct Way: Hashable {
    var from: ProviderID
    var to: ProviderID
  }

  private struct State {
    /// What is shown of the calls that wait, by what they are made for.
    var waits: [String: String] = [:]
    var failovers: [Way: Failovers] = [:]
  }

  private let state = Mutex(State())

  /// Whether an event may change the summary.
  static func concerns(_ event: CompanionEvent) -> Bool {
    switch event.kind {
    case .callWaits, .modelCallStarted, .turnEnded: true
    default: false
    }
  }

  func emit(_ event: CompanionEvent) {
    let cause = event.task?.rawValue ?? event.turn?.rawValue ?? ""
    state.withLock { state in
      switch event.kind {
      case .callWaits(_, let until, let reason):
        let wait = until.map { "waits until \($0.clock(on: event.time)): " } ?? "waits: "
        state.waits[cause] = wait + reason
      case .callFailedOver(let from, let to, let failure):
        let way = Way(from: from, to: to)
        let count = state.failovers[way]?.count ?? 0
        state.failovers[way] = Failovers(count: count + 1, time: event.time, failure: failure)
      case .modelCallStarted, .turnEnded, .task: state.waits[cause] = nil
      default: break
      }
    }
  }

  /// A line on a call that begins to wait; `nil` for other events, and where the wait is hardly noticed.
  static func line(on event: CompanionEvent) -> String? {
    guard case .callWaits(let provider, let until, let reason) = event.kind else { return nil }
    guard let until else { return "waiting for \(provider): \(reason)" }
    guard event.time.duration(to: until) >= .seconds(1) else { return nil }
    return "waiting for \(provider) until \(until.clock(on: event.time)): \(reason)"
  }

  /// One line on what waits; `nil` when nothing does.
  var summary: String? {
    let waits = state.withLock(\.waits)
    guard let first = waits.min(by: { $0.key < $1.key })?.value else { return nil }
    return waits.count == 1 ? first : "\(first)   and \(waits.count - 1) more"
  }

  /// Where calls went on to from a provider.
  func failovers(from id: ProviderID) -> [(to: ProviderID, Failovers)] {
    state.withLock { state in
      state.failovers.filter { $0.key.from == id }.map { ($0.key.to, $0.value) }.sorted { $0.0 < $1.0 }
    }
  }
}

/// Passes every event on to several sinks.
struct EventSinks: EventSink {
  let sinks: [any EventSink]

  func emit(_ event: CompanionEvent) {
    for sink in sinks { sink.emit(event) }
  }
}
