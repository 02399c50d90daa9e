import CompanionKit
import ExampleSupport

/// Prints what is remembered, and what from.
struct ShowCommand {
  let keeper: Keeper

  private var store: SQLiteStore { keeper.store }

  func run(_ selection: Selection) async throws(StoreFailure) {
    let listing = MemoryListing(keeper: keeper)
    let memories = try await memories().filter { selection.includes($0.key.scope) }
    let facts = try await facts(selection)
    let memoriesByScope = Dictionary(grouping: memories, by: \.key.scope)
    let factsByScope = Dictionary(grouping: facts, by: \.scope)
    for scope in Set(memoriesByScope.keys).union(factsByScope.keys).sorted() {
      Terminal.show(scope.name)
      for memory in memoriesByScope[scope] ?? [] { Terminal.show(listing.text(of: memory)) }
      let facts = factsByScope[scope] ?? []
      if !facts.isEmpty { Terminal.show("  facts") }
      for fact in facts { Terminal.show(try await listing.text(of: fact)) }
    }
    if memories.isEmpty, facts.isEmpty { Terminal.tell("Nothing is remembered here.") }
  }

  /// The memories of the workspace, by their scopes.
  private func memories() async throws(StoreFailure) -> [MemoryRecord] {
    var found: [MemoryRecord] = []
    var last: MemoryKey?
    repeat {
      let page = try await store.memories(matching: MemoryFilter(), after: last, limit: Self.page)
      found += page.filter { $0.key.scope.workspace == keeper.options.workspace }
      last = page.count < Self.page ? nil : page.last?.key
    } while last != nil
    return found
  }

  private func facts(_ selection: Selection) async throws(StoreFailure) -> [Fact] {
    var filter = FactFilter(includesSuperseded: true)
    // A thread's facts are known in all of its channel.
    if case .place(let place) = selection, place.thread != nil {
      filter.session = LoggedSession.id(of: place)
    }
    var found: [Fact] = []
    var last: FactID?
    repeat {
      let page = try await store.facts(matching: filter, after: last, limit: Self.page)
      found += page.filter { $0.scope.workspace == keeper.options.workspace && selection.includes($0) }
      last = page.count < Self.page ? nil : page.last?.id
    } while last != nil
    return found
  }

  private static let page = 200
}

extension Selection {
  /// Whether what is remembered of a scope is looked at.
  fileprivate func includes(_ scope: MemoryScope) -> Bool {
    switch (self, scope) {
    case (.everything, _): true
    case (.place(let place), .channel(let channel, _)): place.thread == nil && channel == place.channel
    case (.place(let place), .thread(let thread, let channel, _)):
      channel == place.channel && (place.thread == nil || place.thread == thread)
    case (.user(let user), .user(let other, _)): user == other
    default: false
    }
  }

  /// Whether a fact is looked at: for a person, those about them in whatever channel.
  fileprivate func includes(_ fact: Fact) -> Bool {
    switch self {
    case .everything: true
    case .place(let place): fact.scope == .channel(place.channel, of: place.workspace)
    case .user(let user): includes(fact.scope) || fact.subject == user.rawValue
    }
  }
}
