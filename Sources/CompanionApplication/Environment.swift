package import CompanionDomain
public import CompanionPorts

/// A store for everything a companion keeps: one database, so that what belongs together is committed
/// together.
public typealias CompanionStore = ConversationStore & TaskStore & LedgerStore & MemoryStore & DocumentStore
  & TextIndex & EmbeddingIndex & StateStore

/// What the services and use cases work with.
package struct Environment: Sendable {
  package let router: ModelRouter
  package let store: any CompanionStore
  package let time: any TimeSource
  package let identifiers: any IdentifierSource
  package let random: any RandomSource
  package let bus: EventBus
  package let configuration: CompanionConfiguration
  package let tools: ToolTable
  package let approver: any Approver
  package let files: (any FileExcerpts)?
  package let mode: ModeSwitch
  package let lastPrompts = LastPrompts()
  let announcements: AnnouncementOrder
  let recallModel = RecallModel()

  package init(
    providers: [Provider],
    store: any CompanionStore,
    time: any TimeSource,
    identifiers: any IdentifierSource,
    random: any RandomSource,
    bus: EventBus,
    configuration: CompanionConfiguration,
    tools: ToolTable = ToolTable([]),
    approver: any Approver = .askBeforeChanges,
    files: (any FileExcerpts)? = nil
  ) {
    self.configuration = configuration.bounded
    self.tools = tools
    self.approver = approver
    self.files = files
    mode = ModeSwitch(configuration.mode)
    let store = BoundedStore(base: store, time: time, limit: self.configuration.tasks.storeTimeout)
    self.store = store
    self.time = time
    self.identifiers = identifiers
    self.random = random
    self.bus = bus
    let events = EventEmitter(sink: bus, time: time)
    router = ModelRouter(
      providers, configuration: self.configuration.routing, store: store, time: time,
      identifiers: identifiers, events: events)
    announcements = AnnouncementOrder { change in
      guard let event = change.event else { return }
      let task = change.task
      let context = EventContext(of: task)
      events.emit(.task(event.kind, task), in: context)
    }
  }

  var events: EventEmitter { EventEmitter(sink: bus, time: time) }

  package var calls: ModelCaller { ModelCaller(router: router, mask: mask) }

  /// Masks secrets in what goes to providers.
  var mask: MaskSecrets { MaskSecrets(configuration.prompts.masking) }

  /// The vectors of texts; see ``ModelCaller/embed(_:by:context:)``.
  package func embed(
    _ texts: [String], by model: ModelIdentity?, patience: Duration?
  ) async throws(ProviderFailure) -> EmbeddingResponse {
    let deadline = time.now.advanced(by: patience ?? configuration.answerDeadline)
    return try await calls.embed(texts, by: model, context: EventContext(), deadline: deadline)
  }

  package func log(of session: SessionID) -> SessionLog {
    SessionLog(session: session, store: store, policy: configuration.history)
  }
}
