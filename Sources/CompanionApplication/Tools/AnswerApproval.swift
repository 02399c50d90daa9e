package import CompanionDomain
package import CompanionPorts

/// Says for a person whether a call of a tool may be made, and lets the task go on that waits for it.
package struct AnswerApproval: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// - Returns: the approval with the answer.
  /// - Throws: `ApprovalFailure`; nothing has changed then, unless the store does not know.
  @discardableResult
  package func callAsFunction(
    _ answer: ApprovalAnswer, to id: ApprovalID
  ) async throws(ApprovalFailure) -> Approval {
    for _ in 1...Self.attempts {
      guard let result = try await stored(answer, to: id) else { continue }
      let answered: Approval
      do throws(ApprovalRefusal) { answered = try result.get() } catch { throw .refused(id, error) }
      environment.events.emit(
        .approvalDecided(answered), in: EventContext(session: answered.session, task: id.task))
      engine.wake()
      return answered
    }
    throw .store(.conflict(.stateMoved))
  }

  /// - Returns: `nil` when somebody else was there first.
  private func stored(
    _ answer: ApprovalAnswer, to id: ApprovalID
  ) async throws(ApprovalFailure) -> Result<Approval, ApprovalRefusal>? {
    let key = StateKey(approval: id)
    let now = environment.time.now
    let known: Versioned<Approval>?
    do throws(StoreFailure) {
      known = try await environment.store.value(key)
    } catch {
      throw .store(error)
    }
    guard let known else { throw .unknown(id) }
    let answered: Approval
    do throws(ApprovalRefusal) {
      answered = try known.value.answered(answer, at: now)
    } catch {
      throw .refused(id, error)
    }
    do throws(StoreFailure) {
      let put = try known.putting(answered, as: key, at: now)
      let wake = ApplyTransition(environment: environment)
      switch try await wake(.wake(input: nil), to: id.task, storing: ChangeSet([put])) {
      case .applied: return .success(answered)
      case .noSuchTask: throw StoreFailure.conflict(.noSuchTask)
      case .refused(_, let task) where task.state.isFinal:
        guard let withdrawn = known.value.withdrawn(at: now), let decision = withdrawn.decision else {
          return nil
        }
        try await environment.store.commit(try known.putting(withdrawn, as: key, at: now))
        environment.events.emit(.approvalDecided(withdrawn), in: EventContext(of: task))
        return .failure(.alreadyDecided(decision))
      case .refused:
        // It works on something else just now, and looks by itself before it would wait.
        try await environment.store.commit(put)
        return .success(answered)
      }
    } catch {
      switch error {
      case .conflict(.stateMoved): return nil
      case .conflict(.noSuchTask): throw .unknown(id)
      default: throw .store(error)
      }
    }
  }
}

/// Lists what waits for a person's answer.
package struct OpenApprovals: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// - Parameter session: only those of this conversation; `nil` for all.
  /// - Returns: the approvals that nobody has answered and whose time is not over, those that were asked for first
  ///   in front.
  package func callAsFunction(in session: SessionID?) async throws(StoreFailure) -> [Approval] {
    var open: [Approval] = []
    var filter = TaskFilter(states: [.waiting], kind: .conversation, session: session)
    repeat {
      let page = try await environment.store.tasks(matching: filter, limit: 100)
      for task in page {
        guard case .waiting(let wait) = task.state, case .approval(let name) = wait.reason else { continue }
        guard let id = ApprovalID(name),
          let approval: Versioned<Approval> = try await environment.store.value(StateKey(approval: id)),
          approval.value.decision == nil, environment.time.now < approval.value.expiresAt
        else { continue }
        open.append(approval.value)
      }
      filter.after = page.count < 100 ? nil : page.last?.id
    } while filter.after != nil
    return open.sorted { ($0.requestedAt, $0.id) < ($1.requestedAt, $1.id) }
  }
}

extension Environment {
  /// Tells of the approvals that are asked for by changes that are stored.
  func announceApprovals(in changes: ChangeSet, _ context: EventContext) {
    for approval in Self.approvals(in: changes.changes) where approval.decision == nil {
      events.emit(.approvalRequested(approval), in: context)
    }
  }

  /// Tells of the approvals that are taken back by changes that are stored.
  func announceWithdrawals(in changes: [ChangeSet.Change], _ context: EventContext) {
    for approval in Self.approvals(in: changes) where approval.decision != nil {
      events.emit(.approvalDecided(approval), in: context)
    }
  }

  private static func approvals(in changes: [ChangeSet.Change]) -> [Approval] {
    changes.compactMap { change in
      guard case .putState(let record) = change, record.key.kind == .approval else { return nil }
      return try? Versioned<Approval>(record).value
    }
  }
}
