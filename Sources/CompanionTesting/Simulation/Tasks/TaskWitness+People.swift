import CompanionDomain
import CompanionPorts
import Synchronization

/// What clients, handlers and listeners tell.
extension TaskWitness {
  /// A client was given a name for a job.
  func acknowledge(_ id: TaskID, of job: Int, asking request: TaskRequest) {
    state.withLock { state in
      tell("client: job \(job) is \(id)")
      guard let index = state.numbers[id] else {
        return report(.noTaskLost, "\(id) was acknowledged and is not stored")
      }
      let stored = state.tasks[index].task.request
      if stored.kind != request.kind || stored.payload != request.payload {
        report(.keysAreKept, "job \(job) was given task \(index), which is something else")
      }
      if request.idempotencyKey != nil,
        let earlier = state.acknowledged.first(where: { $0.job == job }), earlier.task != id
      {
        report(.keysAreKept, "job \(job) was given two tasks under its key")
      }
      state.acknowledged.append((job, id))
    }
  }

  /// The task that a job became, as far as a client knows.
  func task(of job: Int) -> TaskID? {
    state.withLock { state in state.acknowledged.first { $0.job == job }?.task }
  }

  /// A client was told that a task was cancelled, or will be.
  func acknowledgeCancel(of id: TaskID) {
    state.withLock { state in
      guard let index = state.numbers[id] else { return }
      state.tasks[index].isCancelAcknowledged = true
    }
  }

  /// A handler has begun.
  func noteRun(of task: GenerationTask, in life: ProcessLife) {
    state.withLock { $0.holders[ClaimID(task: task.id, lease: task.lease)] = life }
    let (all, ofKind) = life.enter(task.request.kind)
    if all > life.mostRuns { report(.limitsHold, "\(life) runs \(all) tasks at once") }
    let limit = life.settings.concurrency[task.request.kind] ?? .max
    if ofKind > limit { report(.limitsHold, "\(life) runs \(ofKind) \(task.request.kind) at once") }
  }

  /// The provider of an attempt has asked for a pause.
  func noteCooldown(_ duration: Duration, for task: GenerationTask) {
    state.withLock { $0.cooldowns[ClaimID(task: task.id, lease: task.lease)] = duration }
  }

  /// A task has killed the process that ran it.
  func noteKill(by task: GenerationTask) {
    state.withLock { state in
      guard let index = state.numbers[task.id] else { return }
      state.tasks[index].kills += 1
      let kills = state.tasks[index].kills
      guard kills > mostKills else { return }
      report(.everyTaskEnds, "task \(index) has killed \(kills) processes and goes on")
    }
  }

  /// A process has told its listeners of an event.
  func noteAnnouncement(_ kind: TaskEvent.Kind, of task: GenerationTask) {
    state.withLock { state in
      guard let index = state.numbers[task.id],
        let event = state.tasks[index].events.first(where: { $0.number == task.lastEvent }),
        event.kind == kind
      else {
        return report(.historyIsSound, "\(task.id): \(kind) was announced and is not stored")
      }
      let isNew = state.announced.insert(Announced(task: task.id, number: task.lastEvent)).inserted
      if !isNew {
        report(.oneOutcome, "task \(index): event \(event.number) was announced twice")
      }
    }
  }

  /// From now on nothing goes wrong any more.
  func noteCalm() {
    tell("all is calm")
    state.withLock { $0.calmSince = time.now }
  }

  /// The tasks that people have asked for and that have not ended. Those of a schedule never all end, because
  /// there are always new ones.
  var live: [Known] {
    state.withLock { state in
      state.tasks.filter { !$0.task.state.isFinal && $0.task.request.requester != TaskScenario.scheduler }
    }
  }

  /// What is paused.
  var pause: TaskPause { state.withLock { $0.pause } }

  /// The tasks that wait for somebody.
  var waiting: [TaskID] {
    state.withLock { state in
      state.tasks.compactMap { if case .waiting = $0.task.state { $0.task.id } else { nil } }
    }
  }
}
