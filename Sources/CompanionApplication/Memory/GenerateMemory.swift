import CompanionDomain
package import CompanionPorts

/// Forms memory of what was said since the last time: short-term and long-term memory of channels, threads,
/// workspaces and people, and facts.
///
/// It reads what is new and nothing else, so that a run costs what was said since the one before it; a run over
/// nothing new calls no model. Each scope is on its own: what fails there is told as an event and tried again by the
/// next run. Every step is stored at once, by a comparison with what it was made from: several may run at a time, in
/// several processes.
package struct GenerateMemory: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// Forms memory until there is nothing new, the budget is used up, or the run shall end.
  ///
  /// When the task is cancelled the call of the model that is under way is given up, and nothing is stored any more.
  package func callAsFunction() async -> MemoryRun {
    let work = MemoryWork(environment: environment)
    environment.events.emit(.memoryRunStarted)
    await run(work)
    let run = work.finished()
    environment.events.emit(.memoryRunEnded(run))
    return run
  }

  private func run(_ work: MemoryWork) async {
    await work.attempt(.channel, .workspace(.main)) { () async throws(MemoryPassFailure) in
      try await expire(work)
    }
    var sessions: [ChatSession] = []
    await work.attempt(.channel, .workspace(.main)) { () async throws(MemoryPassFailure) in
      sessions = try await sessionsToRemember(work)
    }
    await channels(sessions, work)
    await threads(sessions, work)
    await workspaces(work)
    for session in sessions where work.goesOn {
      await work.attempt(.user, session.searchScope) { () async throws(MemoryPassFailure) in
        if work.configuration.sharing.sharesWithSpeakers(session) {
          try await UserPass(work: work, session: session).run()
        } else {
          try await pass(session, .user, work)
        }
      }
    }
    for session in sessions where work.goesOn {
      await work.attempt(.facts, session.searchScope) { () async throws(MemoryPassFailure) in
        try await FactPass(work: work, session: session).run()
      }
    }
  }

  /// Short-term memory of which nothing has been said for a while is over.
  private func expire(_ work: MemoryWork) async throws(MemoryPassFailure) {
    let filter = MemoryFilter(
      kind: .shortTerm,
      newestSourceBefore: work.now.advanced(by: .zero - work.configuration.window), includesExpired: false)
    var last: MemoryKey?
    while true {
      let after = last
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.memories(matching: filter, after: after, limit: Self.page)
      }
      for memory in page {
        var expired = memory
        expired.version += 1
        expired.text = ""
        expired.updatedAt = work.now
        // Otherwise something has been said meanwhile.
        if try await work.commit([.putMemory(expired, adding: [])]) { work.noteExpired(expired) }
      }
      guard page.count == Self.page, let end = page.last?.key else { return }
      last = end
    }
  }

  private func sessionsToRemember(_ work: MemoryWork) async throws(MemoryPassFailure) -> [ChatSession] {
    var sessions: [ChatSession] = []
    while true {
      let after = sessions.last?.id
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.sessionsToRemember(after: after, limit: Self.page)
      }
      sessions += page
      guard page.count == Self.page else { return sessions }
    }
  }

  private func channels(_ sessions: [ChatSession], _ work: MemoryWork) async {
    let channels = Dictionary(grouping: sessions, by: \.channelScope)
    for (scope, sessions) in channels.sorted(by: { $0.key < $1.key }) where work.goesOn {
      await work.attempt(.channel, scope) { () async throws(MemoryPassFailure) in
        try await ChannelPass(work: work, scope: scope, sessions: sessions).run()
      }
    }
  }

  private func threads(_ sessions: [ChatSession], _ work: MemoryWork) async {
    for session in sessions where session.threadScope == nil && work.goesOn {
      await work.attempt(.thread, session.channelScope) { () async throws(MemoryPassFailure) in
        try await pass(session, .thread, work)
      }
    }
    let inThreads = sessions.filter { $0.threadScope != nil }
    let threads = Dictionary(grouping: inThreads) { $0.threadScope ?? $0.channelScope }
    for (scope, sessions) in threads.sorted(by: { $0.key < $1.key }) where work.goesOn {
      await work.attempt(.thread, scope) { () async throws(MemoryPassFailure) in
        try await ThreadPass(work: work, scope: scope, sessions: sessions).run()
      }
    }
  }

  /// Every workspace that has channels with memories: an earlier run may have failed at it.
  private func workspaces(_ work: MemoryWork) async {
    guard work.configuration.sharing != .none, work.goesOn else { return }
    var found: Set<WorkspaceID> = []
    await work.attempt(.channel, .workspace(.main)) { () async throws(MemoryPassFailure) in
      var last: MemoryKey?
      while true {
        let after = last
        let page = try await work.stored { () async throws(StoreFailure) in
          try await work.store.memories(matching: MemoryFilter(), after: after, limit: Self.page)
        }
        for memory in page {
          if case .channel(_, let workspace) = memory.key.scope { found.insert(workspace) }
        }
        guard page.count == Self.page, let end = page.last?.key else { return }
        last = end
      }
    }
    for workspace in found.sorted() where work.goesOn {
      await work.attempt(.channel, .workspace(workspace)) { () async throws(MemoryPassFailure) in
        try await WorkspacePass(work: work, workspace: workspace).run()
      }
    }
  }

  /// Notes that a pass has nothing to do in a conversation.
  private func pass(
    _ session: ChatSession, _ pass: MemoryPass, _ work: MemoryWork
  ) async throws(MemoryPassFailure) {
    let progress = try await work.stored { () async throws(StoreFailure) in
      try await work.store.memoryProgress(of: session.id)
    }
    guard progress[pass] < session.revision else { return }
    // Whoever was there first has done it.
    _ = try await work.commit(
      [.moveMemoryProgress(session.id, pass, from: progress[pass], to: session.revision)])
  }

  private static let page = 200
}
