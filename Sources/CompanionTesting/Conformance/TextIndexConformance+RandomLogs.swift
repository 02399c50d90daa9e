import CompanionDomain
import CompanionPorts

extension TextIndexConformance {
  static let randomLogs: [ConformanceCheck<MakeStore>] = (1...6).map { seed in
    ConformanceCheck("what is found in random log \(seed) is what comparing everything finds") { store, _ in
      try await whatIsFoundIsCompared(store, seed: UInt64(seed))
    }
  }

  static func whatIsFoundIsCompared(_ store: any Store, seed: UInt64) async throws {
    var log = RandomLog(seed: seed)
    for step in 1...120 {
      let change = try await log.nextChange(in: store)
      // Some do not apply: nothing has changed then.
      do throws(StoreFailure) { try await store.commit(change) } catch {
        guard case .conflict = error else { throw error }
      }
      guard step.isMultiple(of: 20) else { continue }
      let texts = ComparedTexts(of: try await store.allRecords())
      for _ in 1...6 {
        let query = TextQuery(log.text())
        let (kinds, scopes) = (log.some(of: RecallSource.Kind.allCases), log.some(of: allScopes.sorted()))
        for times in [nil, log.times()] {
          let filter = RecallFilter(kinds: kinds, times: times)
          let found = try await store.textCandidates(
            for: query, in: scopes, matching: filter, limit: 10_000)
          try texts.expect(found, for: query, in: scopes, matching: filter)
        }
      }
    }
  }
}

/// Changes of everything that can be found, drawn by chance.
private struct RandomLog {
  private var dice: Dice

  init(seed: UInt64) { dice = Dice(seed: seed) }

  private static let words = [
    "zebra", "tiger", "tigers", "grass", "eats", "the", "anna", "2026", "京都", "紅葉を見た", "北京烤鸭", "바다", "Zürich",
    "?", "March",
  ]

  mutating func text() -> String {
    (0...dice.number(in: 0...5)).map { _ in dice.pick(Self.words) }.joined(separator: " ")
  }

  /// At least one of several.
  mutating func some<Element: Hashable>(of elements: [Element]) -> Set<Element> {
    let share = dice.pick([30, 100])
    return Set(elements.filter { _ in dice.happens(percent: share) } + [dice.pick(elements)])
  }

  /// A while of what is said and written.
  mutating func times() -> Range<Timestamp> {
    let first = dice.number(in: 0...900_000)
    return Make.time(first)..<Make.time(first + dice.number(in: 0...900_000))
  }

  /// A change that mostly applies to what a store holds.
  mutating func nextChange(in store: any TextIndexConformance.Store) async throws -> ChangeSet.Change {
    let session = self.session()
    guard let stored = try await store.session(session.id) else { return .insertSession(session) }
    let last = Int(stored.lastSequence.rawValue)
    let place = Make.at(dice.number(in: 1...max(1, last)))
    let time = Make.time(dice.number(in: 0...900_000))
    switch dice.number(in: 0...99) {
    case 0..<44: return .append([message(last + 1)], to: session.id, after: stored.lastSequence)
    case 44..<52: return .amend(place, .edit([.text(text())]), in: session.id, at: time)
    case 52..<56: return .amend(place, .delete, in: session.id, at: time)
    case 56..<60: return .eraseMessage(place, in: session.id, at: time)
    case 60..<62: return .eraseSession(session.id)
    case 62..<72: return try await memory(in: store)
    case 72..<74: return .removeMemory(memoryKey())
    case 74..<81: return .insertFact(fact(dice.number(in: 0...999)))
    case 81..<86:
      let facts = try await store.allFacts().map(\.id) + [Make.id(1)]
      let (old, newer) = (dice.pick(facts), dice.pick(facts))
      return old == newer ? .removeFact(old) : .supersedeFact(old, by: newer, at: time)
    case 86..<88:
      let facts = try await store.facts(matching: FactFilter(includesSuperseded: true), after: nil, limit: 3)
      return .restoreFact(dice.pick(facts.map(\.id) + [Make.id(1)]), validTo: time)
    case 88..<90: return .removeFact(dice.pick(try await store.allFacts().map(\.id) + [Make.id(1)]))
    case 90..<97:
      let status: Document.Status = dice.happens(percent: 20) ? .archived : .normal
      return .putDocument(
        Make.document(
          dice.number(in: 1...9), text(), title: dice.pick(["", text()]), in: scope(), status: status,
          at: time))
    default: return .removeDocument(Make.id(dice.number(in: 1...9)))
    }
  }

  private mutating func session() -> ChatSession {
    let number = dice.number(in: 1...6)
    let place: ConversationPlace? =
      switch number {
      case 1, 2: nil
      case 3: ConversationPlace(workspace: "home", channel: "garden")
      case 4: ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup")
      default: ConversationPlace(workspace: "home", channel: "kitchen")
      }
    return ChatSession(
      id: Make.id(number), place: place, user: number == 2 ? "anna" : .user, createdAt: Make.start)
  }

  private mutating func message(_ place: Int) -> ChatMessage {
    var message = Make.message(place, text(), at: Make.time(place * 40_000))
    switch dice.number(in: 0...9) {
    case 0: (message.role, message.origin) = (.assistant, .announcement(of: Make.id(1)))
    case 1...3: (message.role, message.origin) = (.assistant, .model)
    case 4: message.speaker = "anna"
    default: break
    }
    return message
  }

  private mutating func scope() -> MemoryScope { dice.pick(TextIndexConformance.allScopes.sorted()) }

  private mutating func memoryKey() -> MemoryKey {
    let scope = self.scope()
    return MemoryKey(scope, dice.pick(scope.kinds))
  }

  private mutating func memory(in store: any MemoryStore) async throws -> ChangeSet.Change {
    let key = memoryKey()
    let version = (try await store.memory(key)?.version ?? 0) + 1
    let text = dice.happens(percent: 15) ? "" : self.text()
    return .putMemory(Make.memory(key.scope, key.kind, version: version, text: text), adding: [])
  }

  private mutating func fact(_ number: Int) -> Fact {
    var fact = Make.fact(number, text(), in: scope())
    if dice.happens(percent: 30) { fact.validFrom = Make.time(dice.number(in: 0...900_000)) }
    return fact
  }
}
