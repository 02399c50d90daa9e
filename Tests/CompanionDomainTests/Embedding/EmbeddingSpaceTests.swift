import CompanionDomain
import Testing

struct EmbeddingSpaceTests {
  private let space = EmbeddingSpace(
    model: ModelIdentity(provider: "openai", model: "text-embedding-3-small"), dimension: 3)

  @Test func `it is named by its model and its dimension`() {
    #expect(space.description == "openai text-embedding-3-small (3)")
  }

  @Test(
    arguments: [
      ([], "has 0 numbers, not 3"), ([1, 2], "has 2 numbers, not 3"), ([1, 2, 3, 4], "has 4 numbers, not 3"),
      ([1, .nan, 3], "has a number that is not finite"),
      ([.infinity, 0, 0], "has a number that is not finite"),
      ([0, 0, -.infinity], "has a number that is not finite"),
      ([.nan, .infinity, 0], "has a number that is not finite"),
      ([1e18, 0, 0], "is longer than any that a model makes"),
      ([-3e38, 3e38, 3e38], "is longer than any that a model makes"), ([0, 0, 0], nil), ([1, -2, 3], nil),
      ([9e17, 0, 0], nil), ([1e-37, 0, 0], nil),
    ] as [([Float], String?)])
  func `it says what is wrong with a vector`(vector: [Float], flaw: String?) {
    #expect(space.flaw(of: vector) == flaw)
  }

  @Test(
    arguments: [
      ([0, -0.0, 0], "has nothing but zeros: nothing is near it"),
      ([9e-16, 0, -9e-16], "has nothing but zeros: nothing is near it"), ([0, 0, -1.1e-15], nil),
      ([0, .nan, 0], "has a number that is not finite"), ([0, 0], "has 2 numbers, not 3"),
    ] as [([Float], String?)])
  func `what a model has made is more than zeros`(vector: [Float], flaw: String?) {
    #expect(space.flaw(ofMade: vector) == flaw)
  }

  @Test(arguments: [1, 2, 7, 64, 1000, 4096])
  func `an index takes whatever has no flaw, however long it is`(dimension: Int) throws {
    let space = EmbeddingSpace(model: space.model, dimension: dimension)
    var random = SplitMix64(seed: UInt64(dimension))
    var index = try VectorIndex(dimension: dimension)
    var taken = 0
    for step in 0..<200 {
      let vector = random.vector(dimension)
      let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let factor = 1e18 / length * (0.998 + Double(step) / 100_000)
      let scaled = vector.map { Float(Double($0) * factor) }
      guard space.flaw(of: scaled) == nil else { continue }
      taken += 1
      _ = try index.insert(scaled)
    }
    #expect(taken > 20 && taken < 200)
  }
}
