import CompanionTesting
import Foundation
import Synchronization

/// Runs many seeds, one on each core at a time, and prints in the order of the seeds. Of a seed that is run in
/// several profiles the summary counts one, and the time of all.
final class SeedRun: Sendable {
  private struct State {
    var nextToStart: UInt64
    var nextToPrint: UInt64
    var waiting: [UInt64: [SimulationReport]] = [:]
    var summary = SimulationSummary()
  }

  private let seeds: ClosedRange<UInt64>
  private let simulations: [Simulation]
  private let printsJSON: Bool
  private let state: Mutex<State>

  init(seeds: ClosedRange<UInt64>, simulations: [Simulation], printsJSON: Bool) {
    self.simulations = simulations
    self.seeds = seeds
    self.printsJSON = printsJSON
    state = Mutex(State(nextToStart: seeds.lowerBound, nextToPrint: seeds.lowerBound))
  }

  /// - Returns: whether all was well.
  func callAsFunction() -> Bool {
    let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
    DispatchQueue.concurrentPerform(iterations: min(cores, seeds.count)) { _ in
      while let seed = takeSeed() { take(simulations.map { $0.run(seed: seed) }, of: seed) }
    }
    let summary = state.withLock { $0.summary }
    if printsJSON {
      print(Output.json(of: summary))
    } else if summary.interruptions > 0 {
      print("\(summary.interruptions) answers were interrupted")
    }
    print(summary)
    return summary.violations == 0
  }

  private func takeSeed() -> UInt64? {
    state.withLock { state in
      guard state.nextToStart - seeds.lowerBound < UInt64(seeds.count) else { return nil }
      defer { state.nextToStart &+= 1 }
      return state.nextToStart
    }
  }

  private func take(_ reports: [SimulationReport], of seed: UInt64) {
    state.withLock { state in
      state.waiting[seed] = reports
      while let next = state.waiting.removeValue(forKey: state.nextToPrint) {
        state.summary.add(next)
        for violation in next.flatMap(\.violations) {
          print(Output.line(for: violation, seed: state.nextToPrint, asJSON: printsJSON))
        }
        state.nextToPrint &+= 1
      }
    }
  }
}

/// What is printed.
enum Output {
  static func line(for violation: SimulationViolation, seed: UInt64, asJSON: Bool) -> String {
    let seconds = Double(violation.time.components.seconds)
    guard asJSON else {
      return
        "seed \(seed): \(violation.invariant.rawValue) violated after \(Int(seconds)) s: \(violation.message)"
    }
    return object([
      "type": "violation", "seed": seed, "invariant": violation.invariant.rawValue, "after_s": seconds,
      "message": violation.message,
    ])
  }

  static func json(of summary: SimulationSummary) -> String {
    object([
      "type": "summary", "seeds": summary.seeds, "violations": summary.violations, "hours": summary.hours,
      "interruptions": summary.interruptions, "trace": summary.hashText,
    ])
  }

  private static func object(_ fields: [String: Any]) -> String {
    guard let data = try? JSONSerialization.data(withJSONObject: fields, options: .sortedKeys) else {
      return "{}"
    }
    return String(decoding: data, as: UTF8.self)
  }
}
