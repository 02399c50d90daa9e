package import CompanionDomain
package import CompanionPorts

/// Forgets a message, a conversation, a scope or a person: what was said, what was derived from it, and what works
/// on it, in one change set. What stays is remembered anew by the next pass, from what stays.
///
/// Forgetting something twice is forgetting it once.
package struct Forget: Sendable {
  let engine: TaskEngine
  let chats: OpenChats

  package init(engine: TaskEngine, chats: OpenChats) {
    self.engine = engine
    self.chats = chats
  }

  private var environment: Environment { engine.environment }

  /// - Throws: `MemoryFailure.unknownMessage`, when the conversation has no such message, or
  ///   `MemoryFailure.store`. A conversation that is not there is forgotten already.
  package func callAsFunction(_ target: ForgetTarget) async throws(MemoryFailure) -> ForgetReport {
    if case .message(let sequence, let session) = target { try await check(sequence, in: session) }
    var report: ForgetReport
    do throws(StoreFailure) {
      report = try await erase(target)
    } catch {
      throw .store(error)
    }
    do throws(StoreFailure) {
      try await environment.store.eraseRemoved()
    } catch {
      report.rewriteFailure = error
    }
    return report
  }

  private func check(_ sequence: SequenceNumber, in session: SessionID) async throws(MemoryFailure) {
    let found: ChatSession?
    do throws(StoreFailure) {
      found = try await environment.store.session(session)
    } catch {
      throw .store(error)
    }
    guard let found else { return }
    guard sequence > .zero, sequence <= found.lastSequence else {
      throw .unknownMessage(sequence, in: session)
    }
  }

  /// Looks, erases, and looks again, until nothing is left: what came meanwhile goes, too.
  private func erase(_ target: ForgetTarget) async throws(StoreFailure) -> ForgetReport {
    var report = ForgetReport()
    var survey = ForgetSurvey(environment: environment, target: target)
    var stopsJobs = true
    var conflict: StoreFailure?
    for _ in 1...Self.attempts {
      let (plan, tasks) = try await survey()
      guard !plan.isEmpty else {
        // A commit may have been made although an error came back: those who have it open are told all the same.
        for session in survey.erased.sorted() { chats.noteErasure(session) }
        return report
      }
      for session in plan.openSessions { await chats.stopAnswer(session) }
      do throws(StoreFailure) {
        try await commit(plan, stopping: stopsJobs ? tasks : [])
      } catch {
        if stopsJobs, error.isOfStop {
          stopsJobs = false
          continue
        }
        guard case .conflict = error else { throw error }
        conflict = error
        continue
      }
      conflict = nil
      report.add(plan)
      survey.erased.formUnion(plan.sessions)
      await tell(of: plan, tasks)
    }
    if let conflict { throw conflict }
    return report
  }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// Commits a plan, with the tasks that stop what runs at providers for tasks that go.
  private func commit(_ plan: ForgetPlan, stopping tasks: [GenerationTask]) async throws(StoreFailure) {
    let stops = tasks.filter { $0.state.name != .completed }.compactMap { $0.stopOfJob(environment) }
    environment.announcements.hold(stops.map(\.id))
    defer { environment.announcements.release(stops.map(\.id)) }
    let changes = plan.changes(at: environment.time.now) + stops.map { .insertTask($0) }
    for change in try await environment.store.commit(ChangeSet(changes)) { environment.announce(change) }
  }

  /// Tells those who work on what has gone.
  private func tell(of plan: ForgetPlan, _ tasks: [GenerationTask]) async {
    for session in plan.sessions.sorted() { chats.noteErasure(session) }
    for task in tasks {
      // A worker here ends what goes on elsewhere when it has stopped.
      guard !engine.signalRemoval(of: task), !task.state.isFinal else { continue }
      await engine.endElsewhere(task, limit: environment.configuration.tasks.windDown)
    }
  }
}

extension ForgetPlan {
  /// The sessions from which something goes, by their names.
  fileprivate var openSessions: [SessionID] {
    sessions.union(logs.filter { !$0.value.words.isEmpty }.keys).sorted()
  }

  /// The plan as changes, in an order that is the same for equal plans.
  fileprivate func changes(at time: Timestamp) -> [ChangeSet.Change] {
    var changes: [ChangeSet.Change] = []
    for (session, log) in logs.sorted(by: { $0.key < $1.key }) {
      // An answer, or a result, may have come meanwhile.
      changes.append(.append([], to: session, after: log.end))
      changes += log.words.sorted().map { .eraseMessage($0, in: session, at: time) }
    }
    changes += drafts.sorted().map { .discardDraft(of: $0) }
    changes += cleared.sorted().map {
      .removeStates(of: .session($0), except: StateKind.staying)
    }
    changes += wordless.map { .putState($0) }
    changes += unchanged.map { .expectState($0.key, version: $0.version) }
    changes += corrections.flatMap(\.changes)
    changes += facts.sorted().map { .removeFact($0) }
    changes += memories.sorted().map { .removeMemory($0) }
    changes += restarts.map { .moveMemoryProgress($0.session, $0.pass, from: $0.from, to: $0.to) }
    changes += documents.sorted().map { .removeDocument($0) }
    changes += tasks.sorted().map { .eraseTask($0) }
    changes += disowned.sorted().map { .eraseUser(of: $0) }
    changes += sessions.sorted().map { .eraseSession($0) }
    return changes
  }
}

extension FactCorrection {
  /// What is stored for it.
  var changes: [ChangeSet.Change] {
    let restored = ChangeSet.Change.restoreFact(fact, validTo: validTo)
    return [restored] + (supersession.map { [.supersedeFact(fact, by: $0.newer, at: $0.time)] } ?? [])
  }
}
