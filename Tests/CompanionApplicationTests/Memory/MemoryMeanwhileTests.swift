import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

/// What is changed or forgotten between two steps of a run.
struct MemoryMeanwhileTests {
  /// A scene in which something is done, once, while the model is asked for something.
  private static func scene(
    sharing: ChannelSharing = .none,
    during isMoment: @escaping @Sendable (MemoryMaterial) -> Bool,
    _ body: @escaping @Sendable (MemoryScene) async throws -> Void
  ) -> MemoryScene {
    let holder = Mutex<MemoryScene?>(nil)
    let scene = MemoryScene(configure: { $0.sharing = sharing }) { material, _ in
      guard isMoment(material), let scene = holder.withLock({ $0.take() }) else { return [] }
      return [.perform { try await body(scene) }]
    }
    holder.withLock { $0 = scene }
    return scene
  }

  private static func edit(
    _ sequence: Int64, to text: String, in session: SessionID, _ scene: MemoryScene
  ) async throws {
    try await scene.store.commit(
      .amend(
        SequenceNumber(rawValue: sequence), .edit([.text(text)]), in: session, at: scene.clock.now))
  }

  @Test func `a fact of words that were changed goes, also when its log is read again from the start`()
    async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("fact: anna plays the flute", "SECRET", "fact: anna has a cat", in: "one")
    await scene.generate()
    #expect(try await scene.facts().count == 2)
    try await Self.edit(1, to: "fact: anna walks to work", in: "one", scene)
    try await scene.store.commit(
      .amend(SequenceNumber(rawValue: 3), .delete, in: "one", at: scene.clock.now))
    try await scene.forget(.message(SequenceNumber(rawValue: 2), in: "one"))
    await scene.generate()
    #expect(try await scene.facts().map(\.statement) == ["anna walks to work"])
  }

  @Test func `what a channel has not taken back yet does not stay in its workspace's memory`() async throws {
    let scene = Self.scene(sharing: .all) { material in
      if case .thread = material.scope { true } else { false }
    } _: { scene in
      try await Self.edit(1, to: "Right", in: "one", scene)
    }
    try await scene.open("one", at: ConversationPlace(channel: "kitchen", thread: "soup"))
    try await scene.say("Wrong", "Well", in: "one", from: "anna")
    await scene.generate()
    await scene.generate()
    for kind in MemoryKind.allCases {
      let text = try #require(try await scene.text(.workspace(.main), kind))
      #expect(!text.contains("Wrong") && text.contains("Right") && text.contains("Well"), "\(kind)")
    }
  }

  @Test func `what a workspace knows of its channels, before it has read of it, is taken back from it`()
    async throws
  {
    let isFailing = Mutex(false)
    let workspace = MemoryScope.workspace(.main)
    let scene = MemoryScene(configure: { $0.sharing = .all }) { material, _ in
      material.scope == workspace && material.work == .longTerm && isFailing.withLock { $0 }
        ? [.fail(.serverError)] : []
    }
    try await scene.open("one", at: ConversationPlace(channel: "kitchen"))
    try await scene.say("Hello", in: "one", from: "anna")
    await scene.generate()
    try await Self.edit(1, to: "Good morning", in: "one", scene)
    try await scene.say("Wrong", in: "one", from: "anna")
    isFailing.withLock { $0 = true }
    await scene.generate()
    #expect(try await scene.text(workspace, .shortTerm)?.contains("Wrong") == true)
    try await Self.edit(2, to: "Right", in: "one", scene)
    isFailing.withLock { $0 = false }
    await scene.generate()
    for kind in MemoryKind.allCases {
      #expect(try await scene.text(workspace, kind) == "- Good morning\n- Right", "\(kind)")
    }
  }

  @Test func `a channel's memory that has not heard of what is forgotten has nothing twice`() async throws {
    let isFailing = Mutex(false)
    let scene = MemoryScene(before: { material, _ in
      material.work == .longTerm && isFailing.withLock { $0 } ? [.fail(.serverError)] : []
    })
    let kitchen = ConversationPlace(channel: "kitchen")
    for id in ["one", "two"] as [SessionID] { try await scene.open(id, at: kitchen) }
    try await scene.say("Fine", in: "one", from: "anna")
    await scene.generate()
    isFailing.withLock { $0 = true }
    try await scene.say("SECRET", in: "two", from: "anna")
    await scene.generate()
    isFailing.withLock { $0 = false }
    try await scene.forget(.message(SequenceNumber(rawValue: 1), in: "two"))
    await scene.generate()
    for kind in MemoryKind.allCases {
      let memory = try #require(try await scene.store.memory(MemoryKey(.channel("kitchen"), kind)))
      #expect(memory.sourceCount == 1, "\(kind)")
      #expect(memory.text == "- Fine", "\(kind)")
    }
  }

  @Test func `a guest of a personal conversation is not told of by what its user was answered`() async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("Hello", in: "one")
    await scene.generate()
    try await scene.append(in: "one") {
      $0.role = .assistant
      $0.origin = .model
      $0.parts = [.text("SECRET, anna")]
    }
    try await scene.say("Good morning", in: "one", from: "ben")
    await scene.generate()
    let ben = MemoryScope.user("ben", in: .main)
    #expect(try await scene.text(ben, .longTerm) == "- Good morning")
    #expect(scene.materials.allSatisfy { $0.scope != ben || !"\($0)".contains("SECRET") })
  }

  @Test func `nobody is asked about a person whose words were forgotten while another's were read`()
    async throws
  {
    let ben = MemoryScope.user("ben", in: .main)
    let scene = Self.scene(sharing: .all) {
      $0.scope == .anna
    } _: { scene in
      try await scene.forget(.message(SequenceNumber(rawValue: 2), in: "one"))
    }
    try await scene.open("one", at: ConversationPlace(channel: "kitchen"))
    try await scene.say("Hello", in: "one", from: "anna")
    try await scene.say("SECRET", "Fine", in: "one", from: "ben")
    await scene.generate()
    await scene.generate()
    #expect(scene.materials.allSatisfy { $0.scope != ben || !"\($0)".contains("SECRET") })
    #expect(try await scene.text(ben, .longTerm) == "- Fine")
  }

  @Test func `nobody is asked what a fact supersedes when its words were forgotten meanwhile`() async throws {
    let scene = Self.scene {
      $0.work == .facts && "\($0)".contains("SECRET")
    } _: { scene in
      try await scene.forget(.message(SequenceNumber(rawValue: 2), in: "one"))
    }
    try await scene.open("one", with: "anna")
    try await scene.say("fact: anna lives in Kyoto", in: "one")
    await scene.generate()
    try await scene.say("fact: anna lives in SECRET", in: "one")
    await scene.generate()
    #expect(scene.materials.allSatisfy { $0.work != .supersession })
    #expect(try await scene.facts().map(\.statement) == ["anna lives in Kyoto"])
  }
}
