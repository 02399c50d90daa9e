import CompanionKit
import ExampleSupport

/// Finds what was said, and what is remembered of it.
struct RecallCommand {
  let keeper: Keeper

  func run(_ query: String, _ selection: Selection, budget: Int) async throws {
    let companion = try keeper.makeCompanion()
    let listing = MemoryListing(keeper: keeper)
    let result = try await companion.recall(query, in: try await scopes(of: selection), budget: budget)
    await companion.stop()
    for item in result.items {
      let source =
        switch item.source {
        case .message(let session, let sequence): try await listing.name(of: session, sequence)
        case .fact: "fact of \(item.scope.name)"
        case .memory(let key): "\(key.kind.rawValue) memory of \(key.scope.name)"
        case .document(let id): "document \(id)"
        }
      let speaker = item.speaker.map { ", \($0)" } ?? ""
      Terminal.show(
        "\(source)\(speaker), \(listing.text(of: item.time)), \(item.tokens) tokens\n\(listing.indented(item.text))"
      )
    }
    if result.items.isEmpty { Terminal.tell("Nothing was found.") }
    if result.leftOut > 0 {
      Terminal.tell("\(result.leftOut) more did not fit \(budget) tokens; --budget allows more.")
    }
  }

  /// What can be seen from there: in a conversation, what is shared with its channel too.
  private func scopes(of selection: Selection) async throws(StoreFailure) -> Set<MemoryScope> {
    let workspace = MemoryScope.workspace(keeper.options.workspace)
    switch selection {
    case .user(let user): return [.user(user, in: keeper.options.workspace)]
    case .place(let place): return [place.scope, .channel(place.channel, of: place.workspace), workspace]
    case .everything:
      var scopes: Set<MemoryScope> = [workspace]
      for session in try await keeper.sessions() {
        scopes.formUnion([session.channelScope, session.searchScope, session.place.scope])
      }
      return scopes
    }
  }
}
