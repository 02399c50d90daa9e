import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

@testable import CompanionApplication

/// Which of two facts that contradict each other holds: the one that was said last, whenever it was read.
struct FactOrderTests {
  private static let kitchen = ConversationPlace(channel: "kitchen")

  private func live(_ scene: MemoryScene) async throws -> [String] {
    try await scene.store.facts(matching: FactFilter(), after: nil, limit: 99).map(\.statement)
  }

  /// Somebody who has moved, and has said something else.
  private func scene() async throws -> MemoryScene {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    for text in ["fact: anna lives in Osaka", "fact: anna lives in Kyoto", "secret"] {
      try await scene.say(text, in: "one")
      await scene.generate()
    }
    #expect(try await live(scene) == ["anna lives in Kyoto"])
    return scene
  }

  @Test func `a log that is read again brings nothing back that was superseded, and doubles nothing`()
    async throws
  {
    let scene = try await scene()
    let before = try await scene.facts()
    for _ in 1...3 {
      try await scene.say("more secrets", in: "one")
      let last = try #require(try await scene.store.session("one")).lastSequence
      try await scene.forget(.message(last, in: "one"))
      await scene.generate()
    }
    #expect(try await scene.facts() == before)
  }

  @Test func `an old statement that is put otherwise stays superseded`() async throws {
    let scene = try await scene()
    let kyoto = try #require(try await scene.facts().first { $0.statement.contains("Kyoto") })
    try await scene.store.commit(
      .amend(.zero.next, .edit([.text("fact: anna lives in Oosaka")]), in: "one", at: scene.clock.now))
    await scene.generate()
    let facts = try await scene.facts()
    let old = try #require(facts.first { $0.statement.contains("Oosaka") })
    #expect(facts.count == 2 && old.supersededBy == kyoto.id)
    // It ended when the newer one was said.
    let said = try await scene.store.messages(in: "one", before: nil, limit: 9)[1].time
    #expect(old.validTo == said)
    #expect(try await scene.store.fact(kyoto.id) == kyoto)
  }

  @Test func `of conversations that are read one after the other, what was said last holds`() async throws {
    let scene = MemoryScene()
    try await scene.open("b", at: Self.kitchen)
    try await scene.open("a", at: Self.kitchen)
    try await scene.say("fact: anna lives in Osaka", in: "b", from: "anna")
    try await scene.say("fact: anna lives in Kyoto", in: "a", from: "anna")
    try await scene.say("fact: anna lives in Nara", in: "b", from: "anna")
    try await scene.say("fact: anna lives in Kobe", in: "a", from: "anna")
    await scene.generate()
    #expect(try await live(scene) == ["anna lives in Kobe"])
    let facts = try await scene.facts()
    #expect(facts.count == 4)
    #expect(facts.allSatisfy { ($0.supersededBy == nil) == ($0.validTo == nil) })
  }

  @Test func `what a person states outright counts from then on`() async throws {
    let scene = try await scene()
    _ = try await Remember(environment: scene.environment)(
      "anna lives in Rome", in: "one", by: "anna", about: "anna")
    scene.clock.advance(by: .seconds(60))
    try await scene.store.commit(
      .amend(.zero.next, .edit([.text("fact: anna lives in Oosaka")]), in: "one", at: scene.clock.now))
    await scene.generate()
    #expect(try await live(scene).contains("anna lives in Rome"))
    #expect(try await !live(scene).contains("anna lives in Oosaka"))
  }

  @Test(arguments: [ProviderFailure.Kind.contentFiltered, .refused])
  func `what no model will read is taken back all the same`(kind: ProviderFailure.Kind) async throws {
    let scene = MemoryScene(
      configure: { $0.sharing = .all },
      before: { material, _ in "\(material)".contains("POISON") ? [.fail(kind)] : [] })
    try await scene.open("one", at: Self.kitchen, with: "anna")
    try await scene.say("fact: anna lives in Kyoto", "fact: anna eats rice", in: "one")
    await scene.generate()
    try await scene.store.commit(
      .amend(.zero.next, .edit([.text("POISON")]), in: "one", at: scene.clock.now))
    await scene.generate()
    #expect(try await live(scene) == ["anna eats rice"])
    for memory in try await scene.store.memories(matching: MemoryFilter(), after: nil, limit: 99) {
      #expect(!memory.text.contains("Kyoto") && memory.text.contains("rice"), "\(memory.key)")
    }
    #expect(try await scene.store.sessionsToRemember(after: nil, limit: 9).isEmpty)
  }
}
