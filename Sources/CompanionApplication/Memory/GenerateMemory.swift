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
    await work.withShare(1 / 2) { await channels(sessions, work) }
    await work.withShare(1 / 4) { await threads(sessions, work) }
    await work.withShare(1 / 4) { await workspaces(sessions, work) }
    await work.withShare(1 / 2) { await people(sessions, work) }
    await work.withShare(1) { await facts(sessions, work) }
    // What was old already when it was read is over with the run.
    await work.attempt(.channel, .workspace(.main)) { () async throws(MemoryPassFailure) in
      try await expire(work)
    }
  }

  private func people(_ sessions: [ChatSession], _ work: MemoryWork) async {
    for session in rotated(sessions, work) where work.goesOn {
      await work.attempt(.user, session.searchScope) { () async throws(MemoryPassFailure) in
        if work.configuration.sharing.sharesWithSpeakers(session) {
          try await UserPass(work: work, session: session).run()
        } else {
          try await pass(session, .user, work)
        }
      }
    }
  }

  private func facts(_ sessions: [ChatSession], _ work: MemoryWork) async {
    for session in rotated(sessions, work) where work.goesOn {
      await work.attempt(.facts, session.searchScope) { () async throws(MemoryPassFailure) in
        try await FactPass(work: work, session: session).run()
      }
    }
  }

  /// Where there is more than a run may be able to pay for, each begins elsewhere: none is always the last.
  private func rotated<Element>(_ all: [Element], _ work: MemoryWork) -> [Element] {
    guard all.count > work.configuration.callBudget / 8 else { return all }
    let minute = work.run.startedAt.duration(to: .epoch).components.seconds.magnitude / 60
    let start = Int(minute % UInt64(max(1, all.count)))
    return Array(all[start...] + all[..<start])
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
      for memory in page { try await work.expire(memory) }
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
    for (scope, sessions) in rotated(channels.sorted { $0.key < $1.key }, work) where work.goesOn {
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
    for (scope, sessions) in rotated(threads.sorted { $0.key < $1.key }, work) where work.goesOn {
      await work.attempt(.thread, scope) { () async throws(MemoryPassFailure) in
        try await ThreadPass(work: work, scope: scope, sessions: sessions).run()
      }
    }
  }

  private func workspaces(_ sessions: [ChatSession], _ work: MemoryWork) async {
    let sharing = work.configuration.sharing
    for session in sessions where !sharing.sharesWithWorkspace(session) && work.goesOn {
      await work.attempt(.workspace, session.channelScope) { () async throws(MemoryPassFailure) in
        try await pass(session, .workspace, work)
      }
    }
    guard work.goesOn else { return }
    var workspaces: Set<WorkspaceID> = []
    await work.attempt(.workspace, .workspace(.main)) { () async throws(MemoryPassFailure) in
      workspaces = try await self.workspaces(of: sessions, work)
    }
    for workspace in workspaces.sorted() where work.goesOn {
      let shared = sessions.filter { $0.place.workspace == workspace && sharing.sharesWithWorkspace($0) }
      await work.attempt(.workspace, .workspace(workspace)) { () async throws(MemoryPassFailure) in
        try await WorkspacePass(work: work, workspace: workspace, sessions: shared).run()
      }
    }
  }

  /// Every workspace that has something to remember, or has memories: an earlier run may have failed at it, and what
  /// it was made of may not be shared any more.
  private func workspaces(
    of sessions: [ChatSession], _ work: MemoryWork
  ) async throws(MemoryPassFailure) -> Set<WorkspaceID> {
    var found = Set(sessions.map(\.place.workspace))
    var last: MemoryKey?
    while true {
      let after = last
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.memories(matching: MemoryFilter(), after: after, limit: Self.page)
      }
      for memory in page {
        switch memory.key.scope {
        case .workspace: found.insert(memory.key.scope.workspace)
        case .channel(let channel, let workspace) where work.configuration.sharing.includes(channel):
          found.insert(workspace)
        default: break
        }
      }
      guard page.count == Self.page, let end = page.last?.key else { return found }
      last = end
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
