import CompanionDomain
import ExampleSupport

/// How well one way to rank has found what queries are meant to find.
struct RetrievalFigures {
  private static let depths = [1, 5, 10, 20, 50]

  private var recalls = Self.depths.map { _ in 0.0 }
  private var reciprocalRanks = 0.0
  private var latencies: [Double] = []
  /// How many queries have something to find.
  private(set) var judged = 0

  /// Takes in what was found for a query.
  ///
  /// - Parameter duration: what it took, in milliseconds.
  mutating func add(_ found: [RankedItem<String>], for query: JudgedQuery, duration: Double) {
    latencies.append(duration)
    guard !query.relevant.isEmpty else { return }
    judged += 1
    for (place, depth) in Self.depths.enumerated() {
      let hits = found.prefix(depth).count { query.relevant.contains($0.id) }
      recalls[place] += Double(hits) / Double(query.relevant.count)
    }
    if let rank = found.firstIndex(where: { query.relevant.contains($0.id) }) {
      reciprocalRanks += 1 / Double(rank + 1)
    }
  }

  func print(to report: FigureReport, as name: String) {
    let count = Double(max(1, judged))
    for (depth, recall) in zip(Self.depths, recalls) {
      report.figure("retrieval", name, "recall_at_\(depth)", recall / count, "fraction")
    }
    report.figure("retrieval", name, "mrr", reciprocalRanks / count, "fraction")
    report.figure("retrieval", name, "latency_p50_ms", latencies.percentile(0.5), "ms")
    report.figure("retrieval", name, "latency_p95_ms", latencies.percentile(0.95), "ms")
  }
}
