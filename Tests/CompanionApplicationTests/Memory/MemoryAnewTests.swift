import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// What is made anew when something was forgotten or taken back, also by several at a time.
struct MemoryAnewTests {
  private static let kitchen = ConversationPlace(channel: "kitchen")
  private static let workspace = MemoryScope.workspace(.main)

  private static func forget(_ target: ForgetTarget, in scene: MemoryScene) async throws {
    let engine = TaskEngine(environment: scene.environment, registrations: [])
    let chats = OpenChats(stopAnswer: { _ in }, noteErasure: { _ in })
    _ = try await Forget(engine: engine, chats: chats)(target)
  }

  private static func count(
    _ scope: MemoryScope, _ kind: MemoryKind, in scene: MemoryScene
  ) async throws -> Int? {
    try await scene.store.memory(MemoryKey(scope, kind))?.sourceCount
  }

  @Test func `when a message is forgotten, all the others are remembered anew, each once`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: Self.kitchen, with: "anna")
    try await scene.open("two", at: Self.kitchen, with: "anna")
    try await scene.say("First", "SECRET", "Third", in: "one")
    try await scene.say("From ben", in: "one", from: "ben")
    try await scene.say("Elsewhere", in: "two", from: "ben")
    try await scene.say("Of anna", in: "two")
    await scene.generate()
    try await Self.forget(.message(SequenceNumber(rawValue: 2), in: "one"), in: scene)
    await scene.generate()
    for kind in MemoryKind.allCases {
      #expect(try await Self.count(.channel("kitchen"), kind, in: scene) == 5)
      let text = try await scene.text(.channel("kitchen"), kind) ?? ""
      for line in ["First", "Third", "From ben", "Elsewhere", "Of anna"] {
        #expect(text.contains(line), "\(kind)")
      }
      #expect(!text.contains("SECRET"))
    }
    #expect(try await Self.count(.anna, .longTerm, in: scene) == 3)
    #expect(try await Self.count(.user("ben", in: .main), .longTerm, in: scene) == 2)
    #expect(try await scene.store.sessionsToRemember(after: nil, limit: 10).isEmpty)
  }

  @Test func `a fact goes with words that are deleted elsewhere, and what it quotes is read again`()
    async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("I love Kyoto", "fact: anna moved there", "fact: anna eats rice", in: "one")
    await scene.generate()
    let moved = try #require(try await scene.facts().first { $0.statement.contains("moved") })
    var told = moved
    told.statement = "anna moved to Kyoto"
    try await scene.store.commit(.removeFact(moved.id), .insertFact(told))
    try await scene.store.commit(.amend(.zero.next, .delete, in: "one", at: scene.clock.now))
    let asked = scene.materials.count
    await scene.generate()
    #expect(try await Set(scene.facts().map(\.statement)) == ["anna moved there", "anna eats rice"])
    let read = scene.materials.dropFirst(asked).first { $0.work == .facts }
    #expect(read?.lines.map(\.text) == ["fact: anna moved there"])
  }

  @Test func `who goes on without a name where a person was forgotten is nobody in particular`() async throws
  {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: Self.kitchen, with: "anna")
    try await scene.say("Hello", in: "one")
    try await scene.say("Hi", in: "one", from: "ben")
    try await Self.forget(.user("anna"), in: scene)
    try await scene.say("Here I am again", in: "one")
    await scene.generate()
    #expect(try await scene.store.memory(MemoryKey(.user(.forgotten, in: .main), .longTerm)) == nil)
    #expect(try await scene.text(.channel("kitchen"), .longTerm) == "- Hi\n- Here I am again")
  }

  @Test func `a conversation in which nothing was said is not waited for when its user is forgotten`()
    async throws
  {
    let scene = MemoryScene()
    for id in ["one", "two"] as [SessionID] { try await scene.open(id, at: Self.kitchen, with: "anna") }
    try await scene.say("From ben", "SECRET", in: "one", from: "ben")
    await scene.generate()
    try await Self.forget(.message(SequenceNumber(rawValue: 2), in: "one"), in: scene)
    await scene.generate()
    #expect(try await scene.store.sessionsToRemember(after: nil, limit: 10).isEmpty)
  }

  @Test func `somebody else who speaks in a personal conversation is not told of by its user's words`()
    async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("SECRET", in: "one")
    try await scene.say("Hello", in: "one", from: "ben")
    await scene.generate()
    #expect(try await scene.text(.user("ben", in: .main), .longTerm) == "- Hello")
    #expect(scene.materials.allSatisfy { $0.scope != .user("ben", in: .main) || $0.lines.count == 1 })
  }

  @Test func `a workspace's memory that was made anew meanwhile is not overwritten, whatever its version`()
    async throws
  {
    let holder = Mutex<MemoryScene?>(nil)
    let key = MemoryKey(Self.workspace, .shortTerm)
    let scene = MemoryScene(configure: { $0.sharing = .all }) { material, _ in
      guard material.scope == Self.workspace, material.work == .shortTerm,
        material.previous.contains("SECRET")
      else {
        return []
      }
      return [
        .perform {
          guard let store = holder.withLock({ $0?.store }), var memory = try await store.memory(key) else {
            return
          }
          memory.text = "- Anew"
          try await store.commit(.removeMemory(key), .putMemory(memory, adding: []))
        }
      ]
    }
    holder.withLock { $0 = scene }
    defer { holder.withLock { $0 = nil } }
    try await scene.open("one", at: Self.kitchen, with: "anna")
    try await scene.open("two", at: ConversationPlace(channel: "garden"), with: "anna")
    try await scene.say("SECRET", in: "one")
    await scene.generate()
    try await scene.say("More", in: "two")
    await scene.generate()
    let text = try await scene.text(Self.workspace, .shortTerm) ?? ""
    #expect(text.contains("Anew") && text.contains("More") && !text.contains("SECRET"))
  }
}
