import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct SeededRandomTests {
  @Test func `the generator gives the published numbers`() {
    // The test vector of https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64.
    let random = SeededRandom(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in random.nextBits() } == expected)
  }

  @Test func `seeded identifiers repeat with their seed and differ among themselves`() {
    let first = identifiers(of: SeededIdentifiers(seed: 7))
    #expect(first == identifiers(of: SeededIdentifiers(seed: 7)))
    #expect(Set(first).count == first.count)
    #expect(Set(first).isDisjoint(with: identifiers(of: SeededIdentifiers(seed: 8))))
  }

  @Test func `sequential identifiers count`() {
    let source = SequentialIdentifiers()
    #expect(source.next(TaskID.self).rawValue == "00000000000000000000000001")
    #expect(source.next(TaskID.self).rawValue == "00000000000000000000000002")
    #expect(SequentialIdentifiers(after: 30).next(TaskID.self).rawValue == "0000000000000000000000000z")
  }

  private func identifiers(of source: some IdentifierSource) -> [TaskID] {
    (0..<1_000).map { _ in source.next() }
  }
}
