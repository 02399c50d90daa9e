import CompanionKit
import ExampleSupport
import Foundation

/// Search by vectors in memory: what it costs and misses, on one core.
///
/// It is compared with looking at every vector by the same inner loop that scores candidates, and with reading all their
/// numbers once and doing nothing else with them.
struct VectorsSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private let clock = ContinuousClock()

  func run() throws {
    let count = options.count ?? 100_000
    let dimension = options.dimension
    let name = "\(count) vectors of \(dimension), \(options.data.rawValue)"
    var source = SyntheticVectors(kind: options.data, dimension: dimension)
    let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: count * dimension)
    defer { unsafe numbers.deallocate() }
    unsafe source.draw(count, into: numbers)
    let queries = source.queries(300)

    let reading = best(of: 3) { unsafe Self.sum(UnsafeBufferPointer(numbers)) }
    let megabytes = Double(count * dimension * MemoryLayout<Float>.stride) / 1_000_000
    report.figure(
      "vectors", "comparison: reading the numbers, \(name)", "mb_per_s", megabytes / (reading / 1000), "MB/s")

    var index = try VectorIndex(dimension: dimension)
    let opened = clock.now
    try unsafe append(UnsafeBufferPointer(numbers), to: &index)
    report.figure(
      "vectors", "vectors added in blocks, \(name)", "open_ms", (clock.now - opened).milliseconds, "ms")
    try measureInserts(into: index, queries, name)
    try measureSearch(of: index, queries, name)
  }

  /// Searches of all vectors, and as usual.
  private func measureSearch(of index: VectorIndex, _ queries: [[Float]], _ name: String) throws {
    let measured = queries.prefix(index.count > 500_000 ? 100 : 300)
    var exact: [Double] = []
    var hits = 0
    for query in measured {
      let asked = clock.now
      let nearest = try index.exactlyNearest(to: query, count: 10)
      exact.append((clock.now - asked).milliseconds)
      hits += Set(nearest.map(\.slot)).intersection(try index.nearest(to: query, count: 10).map(\.slot)).count
    }
    // Each query has been asked once by now. Exact searches in between would empty the caches.
    var times: [Double] = []
    for query in [queries, queries].joined() {
      let asked = clock.now
      _ = try index.nearest(to: query, count: 10)
      times.append((clock.now - asked).milliseconds)
    }
    let wanted = Double(measured.count * min(10, index.count))
    report.figure(
      "vectors", "against all compared, \(name)", "recall_at_10", Double(hits) / wanted, "fraction")
    report.figure("vectors", "\(name), median", "ms_per_query", times.percentile(0.5), "ms")
    report.figure("vectors", "\(name), p95", "ms_per_query", times.percentile(0.95), "ms")
    report.figure(
      "vectors", "comparison: all compared, \(name), median", "ms_per_query", exact.percentile(0.5), "ms")
    report.figure(
      "vectors", "medians, \(name)", "speedup_vs_exact", exact.percentile(0.5) / times.percentile(0.5),
      "times")
  }

  /// Vectors that come one by one.
  private func measureInserts(into index: VectorIndex, _ vectors: [[Float]], _ name: String) throws {
    var grown = index
    let count = 20_000
    let time = try clock.measure {
      for number in 0..<count { _ = try grown.insert(vectors[number % vectors.count]) }
    }
    report.figure(
      "vectors", "one by one, into \(name)", "inserts_per_s", Double(count) / (time.milliseconds / 1000),
      "1/s")
  }

  /// As a store does that opens: block by block.
  private func append(_ numbers: UnsafeBufferPointer<Float>, to index: inout VectorIndex) throws {
    let block = 4096
    let dimension = index.dimension
    let groups = [UInt32](repeating: 0, count: block)
    let count = numbers.count / dimension
    for start in stride(from: 0, to: count, by: block) {
      let end = min(start + block, count)
      try unsafe groups.withUnsafeBufferPointer { groups in
        try unsafe index.append(
          UnsafeBufferPointer(rebasing: numbers[(start * dimension)..<(end * dimension)]),
          groups: UnsafeBufferPointer(rebasing: groups[..<(end - start)]))
      }
    }
  }

  /// Reads numbers as fast as it goes.
  private static func sum(_ numbers: UnsafeBufferPointer<Float>) -> Float {
    var sums = (SIMD8<Float>.zero, SIMD8<Float>.zero)
    unsafe UnsafeRawBufferPointer(numbers).withMemoryRebound(to: SIMD8<Float>.self) { blocks in
      for place in stride(from: 0, to: blocks.count - 1, by: 2) {
        unsafe sums.0 += blocks[place]
        unsafe sums.1 += blocks[place + 1]
      }
    }
    return (sums.0 + sums.1).sum()
  }

  /// The shortest time, in milliseconds.
  private func best(of count: Int, _ body: () -> Float) -> Double {
    var sum: Float = 0
    let times = (0..<count).map { _ in clock.measure { sum += body() }.milliseconds }
    // Whoever sums has to be asked for the sum.
    if sum.isNaN { report.note("The numbers are none.") }
    return times.min() ?? 0
  }
}
