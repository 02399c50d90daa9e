import CompanionDomain
import CompanionPorts

extension MemoryStoreConformance {
  static let factListings: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("facts are listed by their names, by what they are") { store, _ in
      try await factsAreListed(store)
    }
  ]

  static func factsAreListed(_ store: any ConversationStore & MemoryStore) async throws {
    for session in 1...3 { try await store.begin(Make.session(session), messages: 2) }
    let scopes: [MemoryScope] = [Make.kitchen, .user("anna", in: "home"), .workspace("home")]
    let sources: [FactSource] = [
      Make.quote(1, 1), Make.quote(2, 2), .statement(by: "anna", in: Make.id(1)),
      .statement(by: "anna", in: nil), .statement(by: "bert", in: Make.id(3)),
    ]
    let numbers = [7, 3, 12, 1, 9, 4, 15, 2, 14, 6, 11, 5, 13, 8, 10]
    for (index, number) in numbers.enumerated() {
      let fact = Make.fact(number, in: scopes[index % 3], source: sources[index % 5])
      try await store.commit(.insertFact(fact))
    }
    for number in [3, 6, 9, 12] {
      try await store.commit(
        .supersedeFact(Make.id(number), by: Make.id(number + 1), at: Make.time(number)))
    }
    var stored: [Fact] = []
    for number in numbers.sorted() {
      if let fact = try await store.fact(Make.id(number)) { stored.append(fact) }
    }
    let filters = [
      FactFilter(), FactFilter(scopes: []), FactFilter(scopes: [Make.kitchen]),
      FactFilter(scopes: Set(scopes.dropFirst())), FactFilter(scopes: [.workspace("office")]),
      FactFilter(session: Make.id(1)), FactFilter(session: Make.id(3)), FactFilter(session: Make.id(4)),
      FactFilter(messages: Make.at(1)...Make.at(1)), FactFilter(messages: Make.at(2)...Make.at(9)),
      FactFilter(session: Make.id(1), messages: Make.at(0)...Make.at(2)),
      FactFilter(session: Make.id(2), messages: Make.at(1)...Make.at(1)),
      FactFilter(statedBy: "anna"), FactFilter(statedBy: "carl"),
      FactFilter(scopes: Set(scopes), session: Make.id(1), statedBy: "anna"),
    ]
    for var filter in filters {
      for includesSuperseded in [false, true] {
        filter.includesSuperseded = includesSuperseded
        let filter = filter
        try await expectPages(
          stored.filter(filter.includes), "the facts of \(filter)", by: \.id
        ) { after, limit in
          try await store.facts(matching: filter, after: after, limit: limit)
        }
      }
    }
  }
}
