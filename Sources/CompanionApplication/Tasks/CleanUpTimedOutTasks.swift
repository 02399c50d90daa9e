import CompanionDomain
package import CompanionPorts

/// Looks after tasks whose time has run out: leases of dead workers, hung attempts, waits, deadlines.
///
/// Several may look at the same time, in whatever processes: what one has done the others are refused.
package struct CleanUpTimedOutTasks: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }

  /// Looks once.
  ///
  /// - Returns: how many tasks it has changed, and when there is something to look at next, from now.
  package func callAsFunction() async throws(StoreFailure) -> (changed: Int, next: Duration?) {
    let apply = ApplyTransition(environment: environment)
    var changed = 0
    var failure: StoreFailure?
    while !Task.isCancelled {
      let overdue = try await environment.store.overdueTasks(limit: Self.batch)
      let before = changed
      for task in overdue.tasks {
        guard let remedy = remedy(for: task, at: overdue.now) else { continue }
        do throws(StoreFailure) {
          guard case .applied(let change) = try await apply(remedy, to: task.id, at: overdue.now) else {
            continue
          }
          changed += 1
          tell(of: change)
        } catch {
          // One task that cannot be helped keeps nobody from the others.
          failure = error
        }
      }
      // What is left of a whole batch is somebody else's.
      guard overdue.tasks.count == Self.batch, changed > before else {
        if let failure { throw failure }
        return (changed, overdue.nextAlarm.map { overdue.now.duration(to: $0) })
      }
    }
    return (changed, nil)
  }

  /// Looks whenever something has run out, until it is cancelled.
  func run(on alarm: SweepAlarm) async {
    var retry = Backoff(first: .seconds(1), cap: .seconds(60))
    while !Task.isCancelled {
      let pause: Duration
      do throws(StoreFailure) {
        let next = try await callAsFunction().next
        pause = min(next ?? .seconds(300), environment.configuration.tasks.sweepInterval)
        retry = Backoff(first: .seconds(1), cap: .seconds(60))
      } catch {
        environment.events.emit(.serviceFailed("sweeper", error))
        pause = retry.next()
      }
      await alarm.wait(for: pause)
    }
  }

  private static let batch = 100

  private func remedy(for task: GenerationTask, at now: Timestamp) -> TaskTransition? {
    let policy = engine.registry.retryPolicy(for: task.request.kind)
    return task.remedy(at: now) { failure in
      policy.delay(
        after: failure, earlierFailures: task.failedAttempts, bits: environment.random.nextBits())
    }
  }

  private func tell(of change: TaskChange) {
    // A worker here that has the task stops first.
    let ended = change.task.hasTimedOut ? change : nil
    let isHere = engine.signalLoss(of: change.task, endedBy: ended)
    if change.task.state.isFinal {
      if let ended, !isHere { engine.endElsewhereLater(ended.task) }
    } else {
      // There is something to claim now, or later.
      engine.wake()
    }
  }
}

extension GenerationTask {
  /// Whether it has ended because it was to, or its time ran out. What goes on elsewhere for one that its workers
  /// could not do may be of use when it is taken back.
  var hasTimedOut: Bool {
    switch state {
    case .cancelled: true
    case .deadLettered(let letter):
      switch letter.failure {
      case .deadlinePassed, .attemptTimedOut: true
      default: false
      }
    default: false
    }
  }
}
