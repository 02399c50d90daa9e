import CompanionDomain
import Testing

struct RankFusionTests {
  private func leg(
    _ items: KeyValuePairs<String, Double>, weight: Double = 1, floor: Double? = nil
  ) -> RankFusion.Leg<String> {
    RankFusion.Leg(weight: weight, floor: floor, items.map { RankedItem(id: $0.key, score: $0.value) })
  }

  /// A ranking of so many items, by what each of them scores.
  private func leg(_ count: Int, floor: Double? = nil, score: (Int) -> Double) -> RankFusion.Leg<String> {
    let items = (0..<count).map { RankedItem(id: "\($0)", score: score($0)) }
    return RankFusion.Leg(floor: floor, items.sorted { $0.comes(before: $1) })
  }

  private func order(_ legs: RankFusion.Leg<String>...) -> [String] { RankFusion().fused(legs).map(\.id) }

  @Test func `a score counts its deviations above the lowest times those of the best above the mean`() {
    // The mean is 1, the deviation the root of 2/3: the best is 1.22 above the mean and 2.45 above the lowest.
    let fused = RankFusion().fused([leg(["a": 2, "b": 1, "c": 0])])
    #expect(fused.map(\.id) == ["a", "b", "c"])
    #expect(zip(fused, [3, 1.5, 0]).allSatisfy { abs($0.score - $1) < 1e-9 })
  }

  @Test func `weights multiply, and what two rankings have is summed`() {
    let fused = RankFusion().fused([
      leg(["a": 2, "b": 1, "c": 0]), leg(["c": 2, "b": 1, "d": 0], weight: 2),
    ])
    #expect(fused.map(\.id) == ["c", "b", "a", "d"])
    #expect(zip(fused, [6, 4.5, 3, 0]).allSatisfy { abs($0.score - $1) < 1e-9 })
    #expect(RankFusion().fused([leg(["a": 1, "b": 0]), leg(["b": 1, "a": 0], weight: 0)])[0].id == "a")
  }

  @Test func `the ranking whose best stands out decides, whichever of them it is`() {
    let flat = leg(200) { $0 == 7 ? 201 : Double(200 - $0) }
    let sharp = leg(200) { $0 == 150 ? 900 : Double($0 * 37 % 200) }
    #expect(order(flat, sharp)[0] == "150")
    #expect(order(sharp, flat)[0] == "150")
  }

  @Test func `neither scale nor offset of a ranking's scores changes the order`() {
    let words = leg(50) { Double($0 * 17 % 50) * Double($0 * 17 % 50) }
    let vectors = leg(50) { Double($0 * 31 % 50) }
    let narrow = leg(50) { 0.75 + Double($0 * 31 % 50) / 1024 }
    let negative = leg(50) { Double($0 * 31 % 50) * 1_048_576 - 67_108_864 }
    let expected = order(words, vectors)
    #expect(order(words, narrow) == expected)
    #expect(order(words, negative) == expected)
    #expect(order(vectors, words) == expected)
  }

  @Test func `a ranking alone, or beside one that says nothing, keeps its order`() {
    let items = leg(150) { Double($0 * 101 % 150) }
    let expected = items.items.map(\.id)
    #expect(order(items) == expected)
    #expect(order(items, leg([:])) == expected)
    #expect(order(leg([:], floor: 0), items) == expected)
    #expect(order(items, leg(150) { _ in 0.5 }) == expected)
    #expect(order(items, items) == expected)
  }

  @Test func `one match among many says much, where its ranking tells what the others would have`() {
    let vectors = leg(20) { $0 == 3 ? 0.62 : 0.6 - Double($0) / 100 }
    #expect(order(vectors, leg(["11": 2]))[0] == "3")
    #expect(order(vectors, leg(["11": 2], floor: 0))[0] == "11")
    // The same where a vector stands out as much.
    let sharp = leg(20) { $0 == 3 ? 5 : 0.6 - Double($0) / 100 }
    #expect(order(sharp, leg(["11": 2], floor: 0))[0] == "3")
  }

  @Test func `a floor counts where something is lacking, and is never above a score`() {
    let items: KeyValuePairs<String, Double> = ["a": 3, "b": 2, "c": 1]
    let alone = RankFusion().fused([leg(items)])
    #expect(RankFusion().fused([leg(items, floor: 0)]) == alone)
    #expect(order(leg(items, floor: 9), leg(["d": 1])) == ["a", "b", "c", "d"])
    #expect(order(leg(items, floor: .nan), leg(["d": 1])) == ["a", "b", "c", "d"])
    // Of what is long enough nothing is lacking.
    let long = leg(RankFusion.leastSample) { 1 + Double($0) }
    let longWithFloor = leg(RankFusion.leastSample, floor: -1000) { 1 + Double($0) }
    let other = leg(150) { Double(500 - $0) }
    #expect(RankFusion().fused([long, other]) == RankFusion().fused([longWithFloor, other]))
  }

  @Test func `no more of a ranking than the window has a part`() {
    #expect(RankFusion(window: 2).fused([leg(["a": 3, "b": 2, "c": 1])]).map(\.id) == ["a", "b"])
    #expect(RankFusion(window: 1).fused([leg(["a": 1, "b": 1])]).map(\.id) == ["a"])
    #expect(RankFusion(window: 0).window == 1)
    let all = leg(["a": 3, "b": 2, "c": -1_000])
    #expect(RankFusion(window: 2).fused([all]) == RankFusion().fused([leg(["a": 3, "b": 2])]))
  }

  @Test func `doubles, equals and what is no number do no harm`() {
    #expect(order(leg(["b": 2, "a": 1, "b": 0, "c": 0])) == ["b", "a", "c"])
    #expect(order(leg(["b": 1, "a": 1])) == ["a", "b"])
    #expect(order(leg(["a": .nan, "b": .infinity, "c": 1, "d": -.infinity])) == ["c"])
    #expect(RankFusion().fused([leg([:])]).isEmpty)
    #expect(RankFusion().fused([RankFusion.Leg<String>]()).isEmpty)
  }

  @Test(arguments: [Double.greatestFiniteMagnitude, 1e-300, .leastNonzeroMagnitude, 1])
  func `numbers of any size have finite sums and their order`(size: Double) {
    let fused = RankFusion().fused([leg(["a": size, "b": 0, "c": -size], floor: -size), leg(["d": size])])
    #expect(fused.allSatisfy { $0.score.isFinite })
    #expect(fused.first?.id == "a" || size == .leastNonzeroMagnitude)
  }

  @Test func `equals come by their names, whatever the order of the rankings`() {
    let legs = [leg(["x": 2, "b": 1, "y": 0]), leg(["y": 2, "b": 1, "x": 0])]
    #expect(RankFusion().fused(legs).map(\.id) == ["b", "x", "y"].sorted())
    #expect(RankFusion().fused(legs) == RankFusion().fused(legs.reversed()))
  }
  @Test func `what lexical vectors alone have found comes behind what words have found`() {
    let byWords = [RankedItem(id: "a", score: 4), RankedItem(id: "b", score: 2)]
    let near = [
      RankedItem(id: "b", score: 0.9), RankedItem(id: "c", score: 0.5), RankedItem(id: "d", score: -0.1),
    ]
    #expect(
      RankFusion.extended(byWords, by: near)
        == byWords + [RankedItem(id: "c", score: 1)])
    #expect(RankFusion.extended([], by: near).map(\.id) == ["b", "c"])
  }
}
