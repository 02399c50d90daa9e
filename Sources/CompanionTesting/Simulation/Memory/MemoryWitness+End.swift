import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension MemoryWitness {
  /// Compares what is stored, when everything is remembered, with what was said.
  func checkMemories(in store: any CompanionStore) async throws {
    let stored = try await store.memories(matching: MemoryFilter(), after: nil, limit: 10_000)
    let known = state.withLock { $0.memories }
    if Set(stored.map(\.key)) != Set(known.keys) {
      report(.memoryIsExact, "there are \(stored.count) memories, and \(known.count) were stored")
    }
    for memory in stored {
      guard let seen = known[memory.key] else { continue }
      let sources = try await store.memorySources(of: memory.key, after: nil, limit: 10_000)
      let previous = try await store.previousMemory(memory.key)
      if memory != seen.record || previous != seen.previous
        || sources != seen.spans.values.sorted(by: { $0.session < $1.session })
      {
        report(.memoryIsExact, "\(memory.key.scope) \(memory.key.kind.rawValue) is not what was stored")
      }
    }
    state.withLock { state in
      for talk in scenario.talks { checkSources(of: talk.session, in: state) }
    }
  }

  /// Every message that stands is among the sources of the memories of its scopes.
  private func checkSources(of session: ChatSession, in state: State) {
    guard let log = state.logs[session.id] else { return }
    let said = log.messages.values.filter { $0.message.origin == .person }
    let speakers = Set(said.filter { !$0.message.isDeleted }.compactMap { session.speaker(of: $0.message) })
    for pass in MemoryPass.allCases {
      for key in keys(of: pass, session, speakers: speakers) {
        var own = said
        if case .user(let user, _) = key.scope {
          own = said.filter { $0.message.isDeleted || session.speaker(of: $0.message) == user }
        }
        let stands = own.filter { said in
          !said.message.isDeleted && !said.marks.contains { state.texts[$0.number].wasRefused }
        }
        let count = state.memories[key]?.spans[session.id]?.count ?? 0
        if count < stands.count || count > own.count {
          report(
            .memoryIsExact,
            "\(key.scope) \(key.kind.rawValue) has \(count) of \(stands.count) to \(own.count) messages of \(session.id)"
          )
        }
      }
    }
  }

  /// Of places in which nothing is said any more, nothing goes on.
  func checkSilence() {
    state.withLock { state in
      for (key, known) in state.memories.sorted(by: { $0.key < $1.key })
      where key.kind == .shortTerm && !known.record.text.isEmpty {
        report(.silenceExpires, "\(key.scope) still goes on: \(known.record.text.prefix(60))")
      }
    }
  }
}
