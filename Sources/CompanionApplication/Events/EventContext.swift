package import CompanionDomain
package import CompanionPorts

/// What an event is about.
package struct EventContext: Sendable {
  package var session: SessionID?
  package var turn: TurnID?
  package var task: TaskID?

  package init(session: SessionID? = nil, turn: TurnID? = nil, task: TaskID? = nil) {
    self.session = session
    self.turn = turn
    self.task = task
  }

  /// About a task, with the conversation that it comes from.
  init(of task: GenerationTask) {
    self.init(session: task.session, turn: task.turn, task: task.id)
  }
}

/// Emits events at the present time.
package struct EventEmitter: Sendable {
  let sink: any EventSink
  let time: any TimeSource

  package func emit(_ kind: CompanionEvent.Kind, in context: EventContext = EventContext()) {
    sink.emit(
      CompanionEvent(
        time: time.now, session: context.session, turn: context.turn, task: context.task, kind: kind))
  }
}
