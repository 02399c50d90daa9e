import CompanionDomain
import Testing

struct VectorOwnersTests {
  /// An index with vectors of owners that have very different shares of them.
  private struct Shared {
    var index: VectorIndex
    var owners: [Int32: Int] = [:]
    var vectors: [(owner: Int, group: UInt32, numbers: [Float])] = []

    init(_ counts: [Int], dimension: Int = 5) throws {
      var random = SplitMix64(seed: UInt64(counts.count))
      index = try VectorIndex(dimension: dimension)
      for (owner, count) in counts.enumerated() {
        let centre = random.vector(dimension)
        for _ in 0..<count {
          let (numbers, group) = (random.vector(near: centre, within: 0.3), UInt32(owner % 3))
          owners[try index.insert(numbers, group: group)] = owner
          vectors.append((owner, group, numbers))
        }
      }
    }

    func found(_ query: [Float], _ groups: Set<UInt32>, _ limit: Int) throws -> [(owner: Int, score: Float)] {
      try index.nearestOwners(to: query, groups: groups, limit: limit) { owners[$0] }
    }

    /// Each owner with the best of its scores, best first.
    func expected(_ query: [Float], _ groups: Set<UInt32>) -> [(owner: Int, score: Double)] {
      var best: [Int: Double] = [:]
      for vector in vectors where groups.contains(vector.group) {
        let score = NaiveVectors.score(vector.numbers, query, .cosine)
        best[vector.owner] = max(best[vector.owner] ?? -1, score)
      }
      return best.map { ($0.key, $0.value) }.sorted { $0.1 > $1.1 }
    }
  }

  @Test(
    arguments: [[1, 1, 1, 1], [400, 1, 150, 1, 1], [3, 1, 4, 1, 5, 9, 2, 6], [150, 150], [300]])
  func `each owner is found once by the best of its vectors, however many it has`(counts: [Int]) throws {
    let shared = try Shared(counts)
    for place in stride(from: 0, to: shared.vectors.count, by: 111) {
      let query = shared.vectors[place].numbers
      for groups in [[0, 1, 2], [0], [1, 2], [], [7]] as [Set<UInt32>] {
        let all = shared.expected(query, groups)
        for limit in 1...counts.count + 1 {
          let found = try shared.found(query, groups, limit)
          #expect(found.map(\.owner) == all.prefix(limit).map(\.owner))
          for (found, expected) in zip(found, all) {
            #expect(abs(Double(found.score) - expected.score) < 1e-5)
            #expect((-1...1).contains(found.score))
          }
        }
      }
    }
  }

  @Test(arguments: VectorMetric.allCases)
  func `what a rule rejects takes no other's place`(metric: VectorMetric) throws {
    let shared = try Shared([200, 3, 150, 4, 2, 60])
    let query = shared.vectors[0].numbers.map { 4 * $0 }
    var expected: [Int: Double] = [:]
    for vector in shared.vectors where !vector.owner.isMultiple(of: 2) {
      let score = NaiveVectors.score(vector.numbers, query, metric)
      expected[vector.owner] = max(expected[vector.owner] ?? -.infinity, score)
    }
    let best = expected.sorted { $0.value > $1.value }
    for limit in 1...4 {
      let found = try shared.index.nearestOwners(
        to: query, groups: [0, 1, 2], by: metric, limit: limit, where: { !$0.isMultiple(of: 2) }
      ) { shared.owners[$0] }
      #expect(found.map(\.owner) == best.prefix(limit).map(\.key))
      for (found, best) in zip(found, best) { #expect(abs(Double(found.score) - best.value) < 1e-4) }
    }
  }

  @Test func `no more than the limit is found, and nothing for a limit below one`() throws {
    let shared = try Shared([10, 20, 30])
    for limit in [Int.min, -1, 0] {
      #expect(try shared.found([1, 0, 0, 0, 0], [0, 1, 2], limit).isEmpty)
    }
    #expect(try shared.found([1, 0, 0, 0, 0], [0, 1, 2], .max).count == 3)
  }

  @Test func `what is nobody's takes no place`() throws {
    let shared = try Shared([200, 5, 5])
    let found = try shared.index.nearestOwners(
      to: shared.vectors[0].numbers, groups: [0, 1, 2], limit: 2
    ) { slot in shared.owners[slot].flatMap { $0 == 0 ? nil : $0 } }
    #expect(Set(found.map(\.owner)) == [1, 2])
    let none = try shared.index.nearestOwners(
      to: shared.vectors[0].numbers, groups: [0, 1, 2], limit: 2
    ) { _ in Int?.none }
    #expect(none.isEmpty)
  }

  @Test func `a vector that is none of the index is refused`() throws {
    let shared = try Shared([1])
    #expect(throws: VectorFailure.self) { _ = try shared.found([1], [0], 1) }
    #expect(throws: VectorFailure.self) { _ = try shared.found([.nan, 0, 0, 0, 0], [0], 1) }
  }
}
