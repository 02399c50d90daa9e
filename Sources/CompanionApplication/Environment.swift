package import CompanionDomain
public import CompanionPorts

/// A store for everything a companion keeps: one database, so that what belongs together is committed
/// together.
public typealias CompanionStore = ConversationStore & TaskStore & LedgerStore

/// What the services and use cases work with.
package struct Environment: Sendable {
  package let model: any LanguageModel
  package let store: any CompanionStore
  package let time: any TimeSource
  package let identifiers: any IdentifierSource
  package let random: any RandomSource
  package let bus: EventBus
  package let configuration: CompanionConfiguration
  let announcements: AnnouncementOrder

  package init(
    model: any LanguageModel,
    store: any CompanionStore,
    time: any TimeSource,
    identifiers: any IdentifierSource,
    random: any RandomSource,
    bus: EventBus,
    configuration: CompanionConfiguration
  ) {
    self.configuration = configuration.bounded
    self.model = model
    self.store = BoundedStore(base: store, time: time, limit: self.configuration.tasks.storeTimeout)
    self.time = time
    self.identifiers = identifiers
    self.random = random
    self.bus = bus
    let events = EventEmitter(sink: bus, time: time)
    announcements = AnnouncementOrder { change in
      guard let event = change.event else { return }
      let task = change.task
      let context = EventContext(session: task.session, turn: task.turn, task: task.id)
      events.emit(.task(event.kind, task), in: context)
    }
  }

  var events: EventEmitter { EventEmitter(sink: bus, time: time) }

  var calls: ModelCaller { ModelCaller(model: model, time: time, events: events) }

  package func log(of session: SessionID) -> SessionLog {
    SessionLog(session: session, store: store, policy: configuration.history)
  }
}
