import CompanionDomain
import Testing

/// What follows from what is forgotten.
struct ForgetPlanTests {
  private static let scopes: [MemoryScope] = ["home", "work"].flatMap { (name: String) -> [MemoryScope] in
    let workspace = WorkspaceID(rawValue: name) ?? .main
    return [
      .workspace(workspace), .channel("kitchen", of: workspace), .channel("garden", of: workspace),
      .thread("soup", of: "kitchen", in: workspace), .thread("soup", of: "garden", in: workspace),
      .user("anna", in: workspace), .user("bert", in: workspace),
    ]
  }

  @Test func `a scope contains itself and what is below it, and a workspace everything in it`() {
    for outer in Self.scopes {
      for inner in Self.scopes {
        let isBelow: Bool
        switch (outer, inner) {
        case (.workspace, _): isBelow = outer.workspace == inner.workspace
        case (.channel, .thread): isBelow = inner.description.contains(outer.description.dropFirst(8))
        default: isBelow = outer == inner
        }
        #expect(outer.contains(inner) == isBelow, "\(outer) and \(inner)")
        #expect(ForgetTarget.scope(outer).covers(inner) == isBelow)
      }
    }
  }

  @Test func `a person's scopes go with the person, in all workspaces or in one`() {
    for scope in Self.scopes {
      let isAnnas = scope == .user("anna", in: "home") || scope == .user("anna", in: "work")
      #expect(ForgetTarget.user("anna").covers(scope) == isAnnas)
      #expect(
        ForgetTarget.scope(.user("anna", in: "home")).covers(scope) == (scope == .user("anna", in: "home")))
      #expect(!ForgetTarget.session(SessionID(bits: 1)).covers(scope))
      #expect(!ForgetTarget.message(.zero, in: SessionID(bits: 1)).covers(scope))
    }
  }

  @Test func `facts that a person stated and documents that they own go with the person`() {
    for scope in Self.scopes {
      let fact = Fact(
        id: FactID(bits: 1), scope: scope, subject: "anna", statement: "Anna is here.",
        source: .statement(by: "anna", in: nil), createdAt: .epoch)
      var others = fact
      others.source = .statement(by: "bert", in: nil)
      let document = Document(
        id: DocumentID(bits: 1), scope: scope, owner: "anna", text: "Here", createdAt: .epoch)
      var nobodys = document
      nobodys.owner = nil
      let isHome = scope.workspace == "home"
      #expect(ForgetTarget.user("anna").covers(fact) && ForgetTarget.user("anna").covers(document))
      let here = ForgetTarget.scope(.user("anna", in: "home"))
      #expect(here.covers(fact) == isHome && here.covers(document) == isHome)
      for target in [ForgetTarget.user("anna"), here] {
        #expect(target.covers(others) == target.covers(scope))
        #expect(target.covers(nobodys) == target.covers(scope))
      }
    }
  }

  // MARK: Conversations

  @Test func `a conversation goes whole with itself, with its place, or with the person it is personal to`() {
    let id = SessionID(bits: 1)
    let personal = ChatSession(id: id, user: "anna", createdAt: .epoch)
    let place = ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup")
    let shared = ChatSession(id: id, place: place, user: "anna", createdAt: .epoch)
    for session in [personal, shared] {
      #expect(ForgetTarget.session(id).erasesWhole(session))
      #expect(!ForgetTarget.session(SessionID(bits: 2)).erasesWhole(session))
      #expect(!ForgetTarget.message(.zero, in: id).erasesWhole(session))
      #expect(!ForgetTarget.user("bert").erasesWhole(session))
    }
    for scope in Self.scopes {
      let isWhole: Bool =
        switch scope {
        case .workspace("home"), .channel("kitchen", "home"), .thread("soup", "kitchen", "home"): true
        default: false
        }
      #expect(ForgetTarget.scope(scope).erasesWhole(shared) == isWhole, "\(scope)")
    }
    #expect(ForgetTarget.user("anna").erasesWhole(personal) && !ForgetTarget.user("anna").erasesWhole(shared))
    #expect(ForgetTarget.scope(.user("anna", in: .main)).erasesWhole(personal))
    #expect(!ForgetTarget.scope(.user("anna", in: "work")).erasesWhole(personal))
  }

  /// Every log of up to four messages, of two turns, by two people and the companion.
  private static var logs: [[LogTrace]] {
    var logs: [[LogTrace]] = [[]]
    var longest: [[LogTrace]] = [[]]
    for place in 1...4 {
      longest = longest.flatMap { log in
        [TurnID(bits: 1), TurnID(bits: 2)].flatMap { turn in
          [nil, UserID("anna"), UserID("bert")].map { speaker in
            log + [LogTrace(sequence: SequenceNumber(rawValue: Int64(place)), turn: turn, speaker: speaker)]
          }
        }
      }
      logs += longest
    }
    return logs
  }

  @Test func `with a person go their messages and the companion's in their turns, and nobody else's`() {
    let place = ConversationPlace(channel: "kitchen")
    for user in [UserID("anna"), UserID("bert")] {
      let session = ChatSession(id: SessionID(bits: 1), place: place, user: user, createdAt: .epoch)
      for log in Self.logs {
        let theirs = log.filter { $0.speaker == "anna" }
        let turns = Set(theirs.map(\.turn))
        let expected = log.filter { $0.speaker == "anna" || ($0.speaker == nil && turns.contains($0.turn)) }
        let isAlone = user == "anna" && !log.contains { $0.speaker == "bert" }
        switch ForgetTarget.user("anna").erasure(of: session, log) {
        case .whole: #expect(isAlone)
        case .none: #expect(!isAlone && expected.isEmpty)
        case .messages(let erasure):
          #expect(!isAlone && erasure == LogErasure(expected, end: .zero))
          #expect(erasure.turns == turns)
        }
      }
    }
  }

  @Test func `with a message goes what the companion said in its turn, and nothing that a person said`() {
    let session = ChatSession(id: SessionID(bits: 1), user: "anna", createdAt: .epoch)
    for log in Self.logs {
      for message in log {
        let expected = log.filter { $0 == message || ($0.speaker == nil && $0.turn == message.turn) }
        let target = ForgetTarget.message(message.sequence, in: session.id)
        #expect(target.erasure(of: session, log) == .messages(LogErasure(expected, end: .zero)))
      }
      #expect(ForgetTarget.message(.zero, in: session.id).erasure(of: session, log) == .none)
      #expect(ForgetTarget.message(.zero, in: SessionID(bits: 2)).erasure(of: session, log) == .none)
    }
  }

  @Test func `a log is read from its events, and what has no words any more is told from what was deleted`() {
    let session = ChatSession(id: SessionID(bits: 1), user: "anna", createdAt: .epoch)
    func message(_ place: Int64, _ role: ChatMessage.Role, deleted: Bool) -> ChatMessage {
      ChatMessage(
        sequence: SequenceNumber(rawValue: place), turn: TurnID(bits: 1), role: role,
        parts: deleted ? [] : [.text("words")], time: .epoch, origin: .person,
        change: deleted ? .deleted(.epoch) : nil)
    }
    let said = message(1, .user, deleted: false)
    let deleted = message(2, .assistant, deleted: true)
    let erased = message(3, .user, deleted: true)
    let events: [(LogEvent.Kind, ChatMessage)] = [
      (.appended, said), (.appended, deleted), (.appended, erased), (.edited(from: []), erased),
      (.deleted([.text("words")]), deleted), (.deleted([]), erased),
    ]
    var traces: [LogTrace] = []
    for (number, (kind, message)) in events.enumerated() {
      let revision = LogRevision(rawValue: Int64(number) + 1)
      traces.read(LogEvent(revision: revision, kind: kind, message: message), of: session)
    }
    #expect(traces.map(\.hasWords) == [true, true, false])
    #expect(traces.map(\.speaker) == ["anna", nil, "anna"])
  }

  // MARK: What was derived

  @Test func `a plan covers the tasks and facts of what goes`() {
    let (gone, kept) = (SessionID(bits: 1), SessionID(bits: 2))
    var plan = ForgetPlan()
    #expect(plan.isEmpty)
    plan.sessions = [gone]
    let trace = LogTrace(sequence: SequenceNumber(rawValue: 3), turn: TurnID(bits: 7), speaker: "anna")
    plan.logs[kept] = LogErasure([trace], end: SequenceNumber(rawValue: 9))
    #expect(!plan.isEmpty)
    func covers(_ requester: TaskRequester) -> Bool {
      let request = TaskRequest(kind: .conversation, payload: TaskPayload(json: "{}"), requester: requester)
      return plan.covers(GenerationTask(id: TaskID(bits: 1), request: request, createdAt: .epoch))
    }
    #expect(covers(.conversation(gone, TurnID(bits: 1))) && covers(.conversation(kept, TurnID(bits: 7))))
    #expect(!covers(.conversation(kept, TurnID(bits: 8))) && !covers(.named("anna")))
    func quote(_ session: SessionID, _ place: Int64) -> FactSource {
      .message(MessageQuote(session: session, sequence: SequenceNumber(rawValue: place), text: "words"))
    }
    #expect(plan.covers(quote(gone, 1)) && plan.covers(quote(kept, 3)) && !plan.covers(quote(kept, 4)))
    #expect(plan.covers(FactSource.statement(by: "anna", in: gone)))
    #expect(!plan.covers(FactSource.statement(by: "anna", in: kept)))
    #expect(!plan.covers(FactSource.statement(by: "anna", in: nil)))
  }

  @Test func `a plan in which nothing has words is nothing to do`() {
    var plan = ForgetPlan()
    let trace = LogTrace(sequence: .zero.next, turn: TurnID(bits: 1), speaker: nil, hasWords: false)
    plan.logs[SessionID(bits: 1)] = LogErasure([trace], end: .zero.next)
    #expect(plan.isEmpty)
    plan.tasks = [TaskID(bits: 1)]
    #expect(!plan.isEmpty)
  }

  @Test func `every memory goes that knows of one that goes, by however many steps, and no other`() {
    let keys = (0..<4).map { MemoryKey(.channel(ChannelID(bits: UInt128($0)), of: .main), .shortTerm) }
    // Every graph of four memories in which none knows of a later one, and cycles through the first.
    let edges = (0..<4).flatMap { from in (0..<from).map { (from, $0) } } + [(0, 3)]
    for chosen in 0..<(1 << edges.count) {
      let graph = edges.indices.filter { chosen >> $0 & 1 == 1 }.map { edges[$0] }
      let memories = keys.indices.map { index in
        (
          key: keys[index],
          merged: graph.filter { $0.0 == index }.map { MergedMemory(keys[$0.1], version: 1) }
        )
      }
      for seed in keys.indices {
        var reached: Set = [seed]
        for _ in keys { reached.formUnion(graph.filter { reached.contains($0.1) }.map(\.0)) }
        #expect(ForgetPlan.derived(from: [keys[seed]], among: memories) == Set(reached.map { keys[$0] }))
      }
    }
    #expect(ForgetPlan.derived(from: [], among: [(keys[0], [MergedMemory(keys[0], version: 1)])]).isEmpty)
  }

  @Test func `what a fact that goes had superseded holds again, or is superseded by what stays`() {
    let names = (0..<4).map { FactID(bits: UInt128($0)) }
    // Every way in which four facts can have been superseded by later ones, and every choice of what goes.
    for choice in 0..<(4 * 3 * 2) {
      let successors: [Int?] = [choice % 4, choice / 4 % 3 + 1, choice / 12 + 2, 3].enumerated().map {
        $0.element > $0.offset ? $0.element : nil
      }
      let facts = names.indices.map { index in
        Fact(
          id: names[index], scope: .workspace(.main), subject: "Anna", statement: "Fact \(index)",
          validFrom: Timestamp(nanosecondsSinceEpoch: Int64(index) * 10),
          validTo: successors[index].map { Timestamp(nanosecondsSinceEpoch: Int64($0) * 10) },
          source: .statement(by: "anna", in: nil), createdAt: .epoch,
          supersededBy: successors[index].map { names[$0] })
      }
      for removal in 0..<16 {
        let removed = Set(names.indices.filter { removal >> $0 & 1 == 1 })
        let corrections = ForgetPlan.corrections(removing: Set(removed.map { names[$0] }), among: facts)
        let byFact = Dictionary(uniqueKeysWithValues: corrections.map { ($0.fact, $0) })
        for index in names.indices {
          let isHit = !removed.contains(index) && successors[index].map(removed.contains) == true
          #expect((byFact[names[index]] != nil) == isHit)
          guard let correction = byFact[names[index]] else { continue }
          var next = successors[index]
          while let place = next, removed.contains(place) { next = successors[place] }
          #expect(correction.supersession?.newer == next.map { names[$0] })
          #expect(correction.validTo == nil)
          #expect(next == nil || correction.supersession?.time == facts[index].validTo)
        }
      }
    }
  }

  @Test func `a fact that had ended before it was superseded keeps its end`() {
    let (old, new) = (FactID(bits: 1), FactID(bits: 2))
    func fact(_ id: FactID, from: Int64, to: Int64?, by newer: FactID?) -> Fact {
      Fact(
        id: id, scope: .workspace(.main), subject: "Anna", statement: "\(id)",
        validFrom: Timestamp(nanosecondsSinceEpoch: from),
        validTo: to.map { Timestamp(nanosecondsSinceEpoch: $0) }, source: .statement(by: "anna", in: nil),
        createdAt: .epoch, supersededBy: newer)
    }
    for (end, kept) in [(5, 5), (10, nil), (nil, nil)] as [(Int64?, Int64?)] {
      let facts = [fact(old, from: 0, to: end, by: new), fact(new, from: 10, to: nil, by: nil)]
      let expected = FactCorrection(
        fact: old, validTo: kept.map { Timestamp(nanosecondsSinceEpoch: $0) })
      #expect(ForgetPlan.corrections(removing: [new], among: facts) == [expected])
    }
  }

  @Test func `a pass that begins again is where none ever was`() {
    for place in [-3, 0, 5] as [Int64] {
      let from = LogRevision(rawValue: place)
      let places = [0, 4, 1 << 40, .max].map { (mark: UInt64) in
        PassRestart(SessionID(bits: 1), .channel, from: from, mark: mark)
      }
      #expect(places.allSatisfy { $0.from == from && $0.to < .zero })
      #expect(Set(places.map(\.to)).count == 4)
    }
    #expect(MemoryScope.channel("kitchen", of: .main).passes == [.channel, .channelLongTerm])
    #expect(MemoryScope.thread("soup", of: "kitchen", in: .main).passes == [.thread])
    #expect(MemoryScope.user("anna", in: .main).passes == [.user])
    #expect(MemoryScope.workspace(.main).passes == [])
  }
}
