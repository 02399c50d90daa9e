/// What many runs of a simulation came to, taken in the order of their seeds.
public struct SimulationSummary: Hashable, Sendable {
  /// How many runs there were.
  public private(set) var seeds = 0
  /// How often something was that must not be.
  public private(set) var violations = 0
  /// How many answers were interrupted.
  public private(set) var interruptions = 0
  /// How much simulated time passed in all of them.
  public private(set) var elapsed: Duration = .zero
  private var trace = TraceHash()

  /// No run.
  public init() {}

  /// Takes the next run.
  public mutating func add(_ report: SimulationReport) { add([report]) }

  /// Takes the runs of the next seed, one for each profile.
  public mutating func add(_ reports: [SimulationReport]) {
    seeds += 1
    for report in reports {
      violations += report.violations.count
      interruptions += report.interruptions
      elapsed += report.elapsed
      trace.combine(report.seed)
      trace.combine(report.hash)
    }
  }

  /// A hash of all runs: of the same seeds it is the same in every process of the same build.
  public var hash: UInt64 { trace.value }

  /// The hash as it is written: 16 hexadecimal digits.
  public var hashText: String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The simulated hours, to the tenth.
  public var hours: Double { (Double(elapsed.components.seconds) / 360).rounded() / 10 }
}

extension SimulationSummary: CustomStringConvertible {
  /// One line: seeds, violations, simulated hours, hash.
  public var description: String {
    "\(seeds) seeds, \(violations) violations, \(hours) simulated hours, trace \(hashText)"
  }
}
