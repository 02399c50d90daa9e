import CompanionDomain
import Testing

/// Searches by bits: in indexes that compare all vectors only where they are as few as those of a small one.
struct VectorSearchTests {
  private static let clusters = 60

  /// Some thousand vectors in clusters, of which those after the first 4096 come one by one.
  private static func index(
    dimension: Int, count: Int = 4300, kernels: VectorKernels = .best, lengths: ClosedRange<Float> = 1...1,
    common: Float = 0
  ) throws -> (index: VectorIndex, naive: NaiveVectors, random: SplitMix64) {
    var random = SplitMix64(seed: UInt64(dimension))
    var index = try VectorIndex(dimension: dimension, kernels: kernels, exactNumbers: 300 * dimension)
    let shared = random.vector(dimension).map { common * $0 }
    let centres = (0..<clusters).map { _ in zip(shared, random.vector(dimension)).map { $0 + $1 } }
    var naive = NaiveVectors()
    var vectors: [[Float]] = []
    for number in 0..<count {
      let vector = random.vector(near: centres[number % clusters], within: 0.7)
      let length = Float.random(in: lengths, using: &random)
      vectors.append(vector.map { $0 * length })
      naive[Int32(number)] = (vectors[number], UInt32(number % 7))
    }
    let first = min(count, 4000)
    try index.append(Array(vectors[..<first]), groups: (0..<first).map { UInt32($0 % 7) })
    for number in first..<count { _ = try index.insert(vectors[number], group: UInt32(number % 7)) }
    return (index, naive, random)
  }

  @Test(arguments: [96, 130], VectorMetric.allCases)
  func `of the ten nearest, nearly all are found, with exact scores`(
    dimension: Int, metric: VectorMetric
  ) throws {
    var (index, naive, random) = try Self.index(
      dimension: dimension, lengths: metric == .cosine ? 1...1 : 0.5...2, common: 1)
    var hits = 0
    for number in 0..<10 {
      let near = try #require(naive[Int32(number * 201)]).numbers
      let query = random.vector(near: near, within: 0.4)
      let found = try index.nearest(to: query, count: 10, metric: metric)
      let expected = naive.scores(to: query, metric).prefix(10)
      hits += Set(found.map(\.slot)).intersection(expected.map(\.slot)).count
      #expect(found == found.sorted { $0.comes(before: $1) })
      for match in found {
        let own = NaiveVectors.score(naive[match.slot]?.numbers ?? [], query, metric)
        #expect(abs(Double(match.score) - own) < 1e-4 * Double(dimension))
      }
      #expect(
        try index.exactlyNearest(to: query, count: 10, metric: metric).map(\.slot) == expected.map(\.slot))
    }
    #expect(hits >= 97)
  }

  @Test func `one vector that is much longer than all others spoils no search by products`() throws {
    var (index, naive, random) = try Self.index(dimension: 96, common: 1)
    let long = random.vector(96).map { 100 * $0 }
    naive[try index.insert(long, group: 0)] = (long, 0)
    var hits = 0
    for number in 0..<10 {
      let near = try #require(naive[Int32(number * 201)]).numbers
      let query = random.vector(near: near, within: 0.4)
      let found = try index.nearest(to: query, count: 10, metric: .dotProduct)
      let expected = naive.scores(to: query, .dotProduct).prefix(10)
      hits += Set(found.map(\.slot)).intersection(expected.map(\.slot)).count
    }
    #expect(hits >= 95, "\(hits)")
  }

  @Test(arguments: VectorMetric.allCases)
  func `of some slots each vector is compared`(metric: VectorMetric) throws {
    var (index, naive, random) = try Self.index(dimension: 96, lengths: 0.5...2)
    for slot in stride(from: 0, to: Int32(4300), by: 9) {
      index.remove(slot)
      naive[slot] = nil
    }
    let slots = Array(stride(from: Int32(4350), through: -50, by: -3))
    let query = random.vector(96)
    let expected = naive.scores(to: query, metric) { slot, _ in slots.contains(slot) }
    let found = try index.nearest(to: query, among: slots, metric: metric)
    #expect(found.map(\.slot) == expected.map(\.slot))
    #expect(try index.nearest(to: query, among: [], metric: metric) == [])
    #expect(throws: VectorFailure.wrongDimension(3, expected: 96)) {
      _ = try index.nearest(to: [1, 2, 3], among: slots, metric: metric)
    }
  }

  @Test func `only what the filter allows is found, and as much of it as is wanted`() throws {
    var (index, naive, random) = try Self.index(dimension: 96)
    for slot in stride(from: 0, to: Int32(4300), by: 11) {
      index.remove(slot)
      naive[slot] = nil
    }
    var (hits, wanted) = (0, 0)
    for groups in [nil, [2], [1, 5], [0, 1, 2, 3, 4, 5, 6, 900]] as [Set<UInt32>?] {
      for divisor in [1, 3, 400] as [Int32] {
        let near = try #require(naive[naive.slots[2000 + wanted * 7]]).numbers
        let query = random.vector(near: near, within: 0.4)
        let expected = naive.scores(to: query, .cosine) { slot, group in
          groups?.contains(group) ?? true && slot.isMultiple(of: divisor)
        }
        let found = try index.nearest(
          to: query, count: 10, in: groups, where: { $0.isMultiple(of: divisor) })
        #expect(found.count == min(10, expected.count))
        #expect(Set(found.map(\.slot)).isSubset(of: expected.map(\.slot)))
        hits += Set(found.map(\.slot)).intersection(expected.prefix(10).map(\.slot)).count
        wanted += found.count
      }
    }
    #expect(hits >= wanted - 2)
  }

  @Test func `an own rule is asked for few of many`() throws {
    var (index, _, random) = try Self.index(dimension: 96)
    var asked = 0
    _ = try index.nearest(
      to: random.vector(96), count: 5, candidates: 5,
      where: { _ in
        asked += 1
        return true
      })
    #expect(asked > 5 && asked < 3000)
  }

  @Test(arguments: [20, 384])
  func `every kernel finds the same, to the bit`(dimension: Int) throws {
    let (best, _, random) = try Self.index(dimension: dimension, count: 4150)
    let (portable, _, _) = try Self.index(dimension: dimension, count: 4150, kernels: .portable)
    var queries = random
    for _ in 0..<4 {
      let query = queries.vector(dimension)
      for metric in VectorMetric.allCases {
        #expect(
          try best.nearest(to: query, count: 20, metric: metric)
            == portable.nearest(to: query, count: 20, metric: metric))
        #expect(
          try best.exactlyNearest(to: query, count: 20, metric: metric)
            == portable.exactlyNearest(to: query, count: 20, metric: metric))
      }
    }
  }

  @Test func `what is inserted and removed counts at once`() throws {
    var (index, _, random) = try Self.index(dimension: 96)
    let query = random.vector(96)
    let slot = try index.insert(query)
    #expect(try index.nearest(to: query, count: 1).first?.slot == slot)
    index.remove(slot)
    let other = try index.insert(query.map { -$0 })
    #expect(other == slot)
    #expect(try index.nearest(to: query, count: 1).first?.slot != slot)
    index.remove(slot)
    #expect(try index.nearest(to: query, count: 500).allSatisfy { $0.slot != slot })
    let reused = try index.insert(query)
    #expect(reused == slot)
  }

  @Test func `equal vectors come by their slots, zeros and all`() throws {
    var index = try VectorIndex(dimension: 70, kernels: .best, exactNumbers: 0)
    var random = SplitMix64(seed: 1)
    let vector = random.vector(70)
    for number in 0..<4200 {
      _ = try index.insert(number < 2000 ? [Float](repeating: 0, count: 70) : vector)
    }
    #expect(try index.nearest(to: vector, count: 3, candidates: 3).map(\.slot) == [2000, 2001, 2002])
    let zeros = try index.nearest(to: [Float](repeating: 0, count: 70), count: 3)
    #expect(zeros.map(\.score) == [0, 0, 0])
  }

  @Test func `vectors of nothing but zeros make no trouble`() throws {
    var index = try VectorIndex(dimension: 10, kernels: .best, exactNumbers: 0)
    for _ in 0..<4100 { _ = try index.insert([Float](repeating: 0, count: 10)) }
    let slot = try index.insert([Float](repeating: 1, count: 10))
    #expect(try index.nearest(to: [Float](repeating: 2, count: 10), count: 1).map(\.slot) == [slot])
  }
}
