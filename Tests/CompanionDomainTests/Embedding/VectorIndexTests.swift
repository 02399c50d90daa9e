import CompanionDomain
import Testing

/// What an index of vectors keeps, refuses and finds where it compares all of them.
struct VectorIndexTests {
  @Test(arguments: Array(1...130) + [384, 1024], VectorMetric.allCases)
  func `few vectors are found as by comparing each`(dimension: Int, metric: VectorMetric) throws {
    var random = SplitMix64(seed: UInt64(dimension))
    var index = try VectorIndex(dimension: dimension)
    var naive = NaiveVectors()
    for number in 0..<37 {
      let vector = random.vector(dimension)
      let slot = try index.insert(vector, group: UInt32(number % 3))
      naive[slot] = (vector, UInt32(number % 3))
    }
    let query = random.vector(dimension)
    let found = try index.nearest(to: query, count: 37, metric: metric)
    let expected = naive.scores(to: query, metric)
    #expect(Set(found.map(\.slot)) == Set(naive.slots))
    #expect(found == found.sorted { $0.comes(before: $1) })
    for (match, best) in zip(found, expected) {
      let own = NaiveVectors.score(naive[match.slot]?.numbers ?? [], query, metric)
      #expect(abs(Double(match.score) - own) < 1e-5 * Double(dimension))
      #expect(abs(Double(match.score) - best.score) < 1e-5 * Double(dimension))
    }
    #expect(try index.nearest(to: query, count: 5, metric: metric) == Array(found.prefix(5)))
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `an index does what a naive model does`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let dimension = Int.random(in: 1...40, using: &random)
    var index = try VectorIndex(dimension: dimension)
    var naive = NaiveVectors()
    var free: [Int32] = []
    for step in 0..<1500 {
      let vector = random.vector(dimension)
      let group = UInt32.random(in: 0..<5, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let slot = try index.insert(vector, group: group)
        #expect(slot == free.popLast() ?? Int32(naive.vectors.count), "step \(step)")
        #expect(naive[slot] == nil, "step \(step)")
        naive[slot] = (vector, group)
      case 5...7:
        guard let slot = naive.slots.randomElement(using: &random) else { continue }
        let (first, second) = (index.remove(slot), index.remove(slot))
        #expect(first && !second, "step \(step)")
        #expect(index.group(at: slot) == nil)
        naive[slot] = nil
        free.append(slot)
      default:
        let groups = Set((0..<2).map { _ in UInt32.random(in: 0..<6, using: &random) })
        let odd = step.isMultiple(of: 2)
        let found = try index.nearest(
          to: vector, count: 7, in: groups, where: { odd || !$0.isMultiple(of: 2) })
        let expected = naive.scores(to: vector, .cosine) { slot, group in
          groups.contains(group) && (odd || !slot.isMultiple(of: 2))
        }
        #expect(found.map(\.slot) == expected.prefix(7).map(\.slot), "step \(step)")
      }
      #expect(index.count == naive.vectors.count)
    }
    for slot in naive.slots {
      #expect(index.group(at: slot) == naive[slot]?.group)
    }
    #expect(naive.vectors.count > 50)
  }

  @Test func `of equally near vectors the one with the smaller slot comes first`() throws {
    var index = try VectorIndex(dimension: 3)
    for _ in 0..<40 { _ = try index.insert([1, 2, 2]) }
    #expect(try index.nearest(to: [3, 0, 0], count: 4).map(\.slot) == [0, 1, 2, 3])
    index.remove(1)
    #expect(try index.nearest(to: [3, 0, 0], count: 3).map(\.slot) == [0, 2, 3])
  }

  @Test func `a vector of zeros is as near as nothing in common`() throws {
    var index = try VectorIndex(dimension: 2)
    for vector in [[0, 0], [-1, 0], [2, 0], [1e-16, 0]] as [[Float]] { _ = try index.insert(vector) }
    #expect(
      try index.nearest(to: [1, 0], count: 9) == [
        .init(slot: 2, score: 1), .init(slot: 0, score: 0), .init(slot: 3, score: 0),
        .init(slot: 1, score: -1),
      ])
    #expect(try index.nearest(to: [0, 0], count: 2).map(\.score) == [0, 0])
  }

  @Test func `what nothing can be computed with is refused, and changes nothing`() throws {
    var index = try VectorIndex(dimension: 2)
    let slot = try index.insert([3, 4])
    for vector in [[.nan, 0], [0, .infinity], [1, -.infinity], [1e19, 0]] as [[Float]] {
      #expect(throws: VectorFailure.unusableNumbers(place: 0)) { _ = try index.insert(vector) }
      #expect(throws: VectorFailure.unusableNumbers(place: 0)) {
        _ = try index.nearest(to: vector, count: 1)
      }
      #expect(throws: VectorFailure.unusableNumbers(place: 1)) {
        try index.append([[1, 1], vector], groups: [0, 0])
      }
    }
    for vector in [[], [1], [1, 2, 3]] as [[Float]] {
      let failure = VectorFailure.wrongDimension(vector.count, expected: 2)
      #expect(throws: failure) { _ = try index.insert(vector) }
      #expect(throws: failure) { _ = try index.nearest(to: vector, count: 1) }
    }
    #expect(throws: VectorFailure.wrongCount(3, expected: 4)) {
      try index.append([[1, 2], [3]], groups: [0, 0])
    }
    #expect(throws: VectorFailure.unsupportedGroup(.max)) { _ = try index.insert([1, 2], group: .max) }
    #expect(throws: VectorFailure.unsupportedGroup(1 << 25)) {
      try index.append([[1, 2]], groups: [1 << 25])
    }
    let removed = [index.remove(1), index.remove(-1)]
    #expect(removed == [false, false])
    #expect(index.count == 1 && index.slots == 1)
    #expect(try index.nearest(to: [3, 4], count: 3) == [.init(slot: slot, score: 1)])
  }

  @Test(arguments: [Int.min, -1, 0, 16_385, .max])
  func `a dimension that no model has is refused`(dimension: Int) {
    #expect(throws: VectorFailure.unsupportedDimension(dimension)) {
      _ = try VectorIndex(dimension: dimension)
    }
  }

  @Test func `as many are found as there are, and none where none are wanted`() throws {
    var index = try VectorIndex(dimension: 2)
    #expect(try index.nearest(to: [1, 0], count: 5).isEmpty)
    _ = try index.insert([1, 1], group: 4)
    _ = try index.insert([1, 0], group: 5)
    #expect(try index.nearest(to: [1, 0], count: .max).map(\.slot) == [1, 0])
    #expect(try index.nearest(to: [1, 0], count: 0).isEmpty)
    #expect(try index.nearest(to: [1, 0], count: -3).isEmpty)
    #expect(try index.nearest(to: [1, 0], count: 5, candidates: -1).count == 2)
    #expect(try index.nearest(to: [1, 0], count: 5, in: []).isEmpty)
    #expect(try index.nearest(to: [1, 0], count: 5, in: [.max, 7]).isEmpty)
    #expect(try index.nearest(to: [1, 0], count: 5, in: [4, .max]).map(\.slot) == [0])
  }

  @Test func `a copy keeps what it has while the index goes on`() throws {
    var index = try VectorIndex(dimension: 2)
    for _ in 0..<1100 { _ = try index.insert([0, 1]) }
    let copy = index
    index.remove(3)
    index.remove(1050)
    let slot = try index.insert([1, 0])
    #expect(slot == 1050)
    #expect(copy.count == 1100 && copy.group(at: 3) == 0)
    #expect(try copy.nearest(to: [1, 0], count: 1) == [.init(slot: 0, score: 0)])
    #expect(try index.nearest(to: [1, 0], count: 1).map(\.slot) == [1050])
  }
}
