import CompanionDomain
import CompanionPorts
import Testing

@testable import CompanionInMemory

struct StoredSpaceTests {
  private func document(_ number: Int) -> RecallSource { .document(identifier(number)) }

  private func embedded(_ number: Int, as vectors: [Float]...) -> EmbeddedSource {
    EmbeddedSource(source: document(number), hash: ContentHash(of: ""), vectors: vectors)
  }

  private func failed(_ number: Int, attempts: Int = 1, retryAt: Int64?) -> FailedEmbedding {
    FailedEmbedding(
      source: document(number), hash: ContentHash(of: ""), attempts: attempts, reason: "",
      retryAt: retryAt.map(Timestamp.init(nanosecondsSinceEpoch:)))
  }

  private func found(
    in space: StoredSpace, _ vector: [Float] = [1, 0], groups: Set<UInt32> = [0]
  ) throws -> [RecallSource] {
    try space.nearest(to: vector, groups: groups, limit: 99).map(\.source)
  }

  @Test func `of retries at one time, what was changed first comes first`() throws {
    var space = try StoredSpace(dimension: 2)
    for number in [3, 1, 2] { space.note(failed(number, retryAt: 7), place: Int64(10 - number)) }
    space.note(failed(4, retryAt: 6), place: 99)
    space.wait(document(5), place: 100)
    let line = space.work(at: .distantFuture, limit: 9).map(\.source)
    #expect(line == [5, 4, 3, 2, 1].map(document))
  }

  @Test func `a place that becomes free is another's, who alone is found there`() throws {
    var space = try StoredSpace(dimension: 2)
    space.put(embedded(1, as: [1, 0], [0, 1], [1, 1]), group: 0)
    space.put(embedded(2, as: [0, 1]), group: 0)
    space.remove(document(1))
    #expect(try found(in: space) == [document(2)])
    space.put(embedded(3, as: [1, 0.1], [1, 0.2]), group: 0)
    space.put(embedded(2, as: [1, 0]), group: 0)
    #expect(try found(in: space) == [2, 3].map(document))
    space.remove(document(2))
    space.remove(document(2))
    space.remove(document(9))
    #expect(try found(in: space) == [document(3)])
    #expect(space.coverage == EmbeddingCoverage(embedded: 1))
  }

  @Test func `vectors that come again are in their group alone`() throws {
    var space = try StoredSpace(dimension: 2)
    space.put(embedded(1, as: [1, 0], [1, 1]), group: 4)
    space.put(embedded(1, as: [1, 0]), group: 5)
    #expect(try found(in: space, groups: [4]).isEmpty)
    #expect(try found(in: space, groups: [4, 5]) == [document(1)])
    #expect(try found(in: space, groups: []).isEmpty)
  }

  @Test func `a copy is searched as it was`() throws {
    var space = try StoredSpace(dimension: 2)
    space.put(embedded(1, as: [1, 0]), group: 0)
    let copy = space
    space.put(embedded(2, as: [1, 0]), group: 0)
    space.remove(document(1))
    #expect(try found(in: copy) == [document(1)])
    #expect(try found(in: space) == [document(2)])
  }

  @Test func `what waits, fails and is parked by turns is in one place only`() throws {
    var space = try StoredSpace(dimension: 2)
    for attempt in 1...5 {
      space.note(failed(1, attempts: attempt, retryAt: 20 - Int64(attempt)), place: 1)
      #expect(
        space.coverage
          == EmbeddingCoverage(waiting: 1, nextRetry: Timestamp(nanosecondsSinceEpoch: 20 - Int64(attempt))))
      #expect(space.work(at: .distantFuture, limit: 9).map(\.attempts) == [attempt])
    }
    space.note(failed(1, retryAt: nil), place: 1)
    #expect(space.coverage == EmbeddingCoverage(parked: 1))
    space.wait(document(1), place: 1)
    space.wait(document(1), place: 8)
    #expect(space.coverage == EmbeddingCoverage(waiting: 1))
    #expect(space.failed(after: nil, limit: 9).isEmpty)
    space.put(embedded(1, as: [1, 0]), group: 0)
    space.note(failed(1, retryAt: nil), place: 1)
    #expect(space.coverage == EmbeddingCoverage(embedded: 1))
  }

  @Test(arguments: [Int.min, -1, 0, 16_385, Int.max])
  func `a dimension that no index has is refused`(dimension: Int) {
    #expect(throws: StoreFailure.self) { _ = try StoredSpace(dimension: dimension) }
  }
}

struct NumberedPartitionsTests {
  @Test func `a number is a partition's as long as something is in it`() {
    var partitions = NumberedPartitions()
    partitions.enter("a")
    partitions.enter("b")
    partitions.enter("a")
    #expect(partitions["a"] == 0 && partitions["b"] == 1 && partitions["c"] == nil)
    partitions.leave("a")
    #expect(partitions["a"] == 0)
    partitions.leave("a")
    #expect(partitions["a"] == nil)
    partitions.leave("a")
    partitions.leave("z")
    partitions.enter("c")
    partitions.enter("a")
    #expect(partitions["c"] == 0 && partitions["b"] == 1 && partitions["a"] == 2)
  }

  @Test(arguments: 1...5)
  func `no two have the same number, and numbers stay as small as they can`(seed: UInt64) {
    var random = SeededRandomNumbers(state: seed)
    var partitions = NumberedPartitions()
    var counts: [String: Int] = [:]
    var most = 0
    for _ in 0..<2000 {
      let name = "\(random.roll(40))"
      if random.roll(2) == 0 {
        partitions.enter(name)
        counts[name, default: 0] += 1
      } else {
        partitions.leave(name)
        counts[name] = counts[name].flatMap { $0 > 1 ? $0 - 1 : nil }
      }
      most = max(most, counts.count)
      let numbers = counts.keys.compactMap { partitions[$0] }
      #expect(numbers.count == counts.count && Set(numbers).count == counts.count)
      #expect(numbers.allSatisfy { $0 < most })
    }
  }
}

/// A small generator, the same in every run.
private struct SeededRandomNumbers {
  var state: UInt64

  mutating func roll(_ sides: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(sides))
  }
}
