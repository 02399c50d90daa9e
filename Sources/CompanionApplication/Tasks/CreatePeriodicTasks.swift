import CompanionDomain
import CompanionPorts

/// Makes a task of every occurrence of the schedules.
///
/// The task and the schedule's next occurrence are stored together: of several processes with the same
/// schedule one makes the task, and after a restart it is known which occurrences were missed.
struct CreatePeriodicTasks: Sendable {
  let engine: TaskEngine

  private var environment: Environment { engine.environment }

  /// Makes what is due.
  ///
  /// - Returns: how long it is to the next occurrence of all schedules; `nil` when there is none.
  func callAsFunction() async throws(StoreFailure) -> Duration? {
    var next: Duration?
    for schedule in engine.schedules {
      // Occurrences are due by the store's clock, as everything is.
      let now = try await environment.store.overdueTasks(limit: 0).now
      let advanced: Timestamp?
      do throws(StoreFailure) {
        advanced = try await advance(schedule, at: now)
      } catch {
        // One that cannot be made keeps nobody from the others.
        environment.events.emit(.serviceFailed("schedule \(schedule.id)", error))
        next = min(next ?? .seconds(60), .seconds(60))
        continue
      }
      guard let occurrence = advanced else { continue }
      let wait = now.duration(to: occurrence)
      next = next.map { min($0, wait) } ?? wait
    }
    return next
  }

  /// Makes what is due at every occurrence, until it is cancelled.
  func run(on wakeUp: WakeUp) async {
    var retry = Backoff(first: .seconds(1), cap: .seconds(60))
    while !Task.isCancelled, !engine.schedules.isEmpty {
      let pause: Duration?
      do throws(StoreFailure) {
        pause = try await callAsFunction()
        retry = Backoff(first: .seconds(1), cap: .seconds(60))
      } catch {
        environment.events.emit(.serviceFailed("schedules", error))
        pause = retry.next()
      }
      await wakeUp.wait(
        until: pause.map { environment.time.now.advanced(by: $0) }, on: environment.time)
    }
  }

  /// - Returns: the schedule's next occurrence.
  private func advance(
    _ schedule: TaskSchedule, at now: Timestamp
  ) async throws(StoreFailure) -> Timestamp? {
    while true {
      let stored = try await environment.store.nextOccurrence(of: schedule.id)
      let step = schedule.due(next: stored, at: now)
      guard step.occurrence != nil || step.next != stored else { return step.next }
      var changes: [ChangeSet.Change] = [.moveSchedule(schedule.id, from: stored, to: step.next)]
      if let occurrence = step.occurrence {
        let request = schedule.request(for: occurrence)
        changes.append(
          .insertTask(GenerationTask(id: environment.identifiers.next(), request: request, createdAt: now)))
      }
      let ids = changes.compactMap { change -> TaskID? in
        if case .insertTask(let task) = change { task.id } else { nil }
      }
      environment.announcements.hold(ids)
      defer { environment.announcements.release(ids) }
      do throws(StoreFailure) {
        for change in try await environment.store.commit(ChangeSet(changes)) { environment.announce(change) }
        if step.occurrence != nil { engine.wake() }
        return step.next
      } catch {
        switch error {
        // Another process has made the task.
        case .conflict(.scheduleMoved): continue
        case .conflict(.keyTaken): _ = try await environment.store.commit(changes[0])
        default: throw error
        }
      }
    }
  }
}
