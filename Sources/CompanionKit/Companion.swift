public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import CompanionSystem
import Synchronization

/// A companion: give it a language model and a store, and talk to it.
///
/// ```swift
/// let companion = Companion(model: .offline, store: try await .sqlite(at: "companion.db"))
/// companion.start()
/// for try await text in try await companion.send("Hello, I am Aiko.") {
///   print(text, terminator: "")
/// }
/// await companion.stop()
/// ```
///
/// It answers at once, as a stream, and works on what takes longer in the background; results come into the
/// conversation by themselves. What it has accepted is in the store: after a crash it goes on from there.
///
/// A companion runs once, from ``start()`` or ``run()`` to ``stop()``. It serves any number of sessions.
public final class Companion: Sendable {
  enum Phase { case idle, running, stopped }

  struct State {
    var phase = Phase.idle
    var loops: [SessionID: ChatLoop] = [:]
    var currentSession: SessionID?
    var service: Task<Void, Never>?
    var waitingForEnd: [CheckedContinuation<Void, Never>] = []
    var hasEnded = false

    /// Lets those conversations go in which nothing has happened for longest, so that there is room for one more.
    mutating func makeRoom(for maximum: Int) {
      guard loops.count >= maximum else { return }
      let idle = loops.compactMap { id, loop in loop.idleSince.map { (since: $0, id: id) } }
      let longest = idle.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
      // Some more than one, so that it need not be looked for each time.
      for (_, id) in longest.prefix(loops.count - maximum + 1 + maximum / 16) where loops[id]?.rest() == true
      {
        loops[id] = nil
      }
    }
  }

  /// Forms memory. It runs with the companion, unless the configuration says that it shall not.
  public let memoryGenerator: BackgroundMemoryGenerator

  /// Keeps everything that can be found embedded. It runs with the companion where a provider makes vectors, unless
  /// the configuration says that it shall not.
  public let embeddingRunner: EmbeddingRunner

  let environment: Environment
  let engine: TaskEngine
  let factory: any ProviderFactory
  let state = Mutex(State())
  private let newLoops: AsyncStream<ChatLoop>
  private let addLoop: AsyncStream<ChatLoop>.Continuation

  /// A companion with one model.
  ///
  /// - Parameters:
  ///   - model: what answers, and works on tasks.
  ///   - store: where everything is kept.
  ///   - configuration: what a host may decide; the defaults serve an app with one user.
  ///   - time: the clock.
  ///   - identifiers: where new names come from; `nil` for names that sort by the time of `time`.
  ///   - random: where the jitter of retries comes from.
  ///   - tools: what the model may have done while it works on background tasks.
  ///   - approver: says which calls of tools may be made; by default, a person is asked before all that do more than
  ///     read.
  ///   - files: reads the files that a message names, so that the model sees them with it; `nil` for none.
  ///   - handlers: the host's own kinds of background tasks. One for a kind that the companion has a handler
  ///     for takes that one's place.
  ///   - schedules: what becomes a background task again and again.
  ///   - events: takes every event as it happens; see also ``events(limit:)``.
  public convenience init(
    model: some LanguageModel,
    store: some CompanionStore,
    configuration: CompanionConfiguration = CompanionConfiguration(),
    time: any TimeSource = SystemTimeSource(),
    identifiers: (any IdentifierSource)? = nil,
    random: any RandomSource = SystemRandomSource(),
    tools: [any Tool] = [],
    approver: any Approver = .askBeforeChanges,
    files: (any FileExcerpts)? = nil,
    handlers: [TaskRegistration] = [],
    schedules: [TaskSchedule] = [],
    events: (any EventSink)? = nil
  ) {
    let id = ProviderID(model.identity.provider) ?? "model"
    self.init(
      checked: [Provider(id, model: model)], factory: StandardProviderFactory.standard, images: nil,
      store: store, configuration: configuration, time: time, identifiers: identifiers, random: random,
      tools: tools, approver: approver, files: files, handlers: handlers, schedules: schedules, events: events
    )
  }

  /// A companion with several providers, which stand in for each other.
  ///
  /// - Parameters:
  ///   - providers: what answers, works on tasks, and makes images and vectors. Those of a lower priority number
  ///     are asked first; among those of the same, `configuration.routing.strategy` decides.
  ///   - factory: makes what ``updateProvider(_:)`` configures.
  ///   - images: where generated images are kept; without it there are no tasks of the kind `imageGeneration`.
  ///   - store: where everything is kept.
  ///   - configuration: what a host may decide; the defaults serve an app with one user.
  ///   - time: the clock.
  ///   - identifiers: where new names come from; `nil` for names that sort by the time of `time`.
  ///   - random: where the jitter of retries comes from.
  ///   - tools: what the model may have done while it works on background tasks.
  ///   - approver: says which calls of tools may be made.
  ///   - files: reads the files that a message names.
  ///   - handlers: the host's own kinds of background tasks.
  ///   - schedules: what becomes a background task again and again.
  ///   - events: takes every event as it happens; see also ``events(limit:)``.
  /// - Throws: ``ProviderConfigurationFailure``, which names the field that is wrong.
  public convenience init(
    providers: [Provider],
    factory: any ProviderFactory = StandardProviderFactory.standard,
    images: (any ImageStorage)? = nil,
    store: some CompanionStore,
    configuration: CompanionConfiguration = CompanionConfiguration(),
    time: any TimeSource = SystemTimeSource(),
    identifiers: (any IdentifierSource)? = nil,
    random: any RandomSource = SystemRandomSource(),
    tools: [any Tool] = [],
    approver: any Approver = .askBeforeChanges,
    files: (any FileExcerpts)? = nil,
    handlers: [TaskRegistration] = [],
    schedules: [TaskSchedule] = [],
    events: (any EventSink)? = nil
  ) throws(ProviderConfigurationFailure) {
    try ProvidersConfiguration(providers: providers.map(\.configuration)).validate()
    self.init(
      checked: providers, factory: factory, images: images, store: store, configuration: configuration,
      time: time, identifiers: identifiers, random: random, tools: tools, approver: approver, files: files,
      handlers: handlers, schedules: schedules, events: events)
  }

  /// A companion with the providers of a configuration, such as a file's.
  ///
  /// ```swift
  /// let companion = try Companion(
  ///   providers: ProvidersConfiguration(contentsOf: "providers.json"),
  ///   store: await .sqlite(at: "companion.db"))
  /// ```
  ///
  /// The parameters are those of a companion with several providers. The strategy and the hedging of
  /// `providers` take the place of those in `configuration.routing`. No key is looked up here; see
  /// ``ProvidersConfiguration/checkSecrets(by:)``.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the field that is wrong.
  public convenience init(
    providers: ProvidersConfiguration,
    factory: any ProviderFactory = StandardProviderFactory.standard,
    images: (any ImageStorage)? = nil,
    store: some CompanionStore,
    configuration: CompanionConfiguration = CompanionConfiguration(),
    time: any TimeSource = SystemTimeSource(),
    identifiers: (any IdentifierSource)? = nil,
    random: any RandomSource = SystemRandomSource(),
    tools: [any Tool] = [],
    approver: any Approver = .askBeforeChanges,
    files: (any FileExcerpts)? = nil,
    handlers: [TaskRegistration] = [],
    schedules: [TaskSchedule] = [],
    events: (any EventSink)? = nil
  ) throws(ProviderConfigurationFailure) {
    var configuration = configuration
    configuration.routing.strategy = providers.strategy
    configuration.routing.hedgeAfter = providers.hedgeAfter
    self.init(
      checked: try providers.makeProviders(by: factory), factory: factory, images: images, store: store,
      configuration: configuration, time: time, identifiers: identifiers, random: random, tools: tools,
      approver: approver, files: files, handlers: handlers, schedules: schedules, events: events)
  }

  private init(
    checked providers: [Provider], factory: any ProviderFactory, images: (any ImageStorage)?,
    store: some CompanionStore, configuration: CompanionConfiguration, time: any TimeSource,
    identifiers: (any IdentifierSource)?, random: any RandomSource, tools: [any Tool],
    approver: any Approver, files: (any FileExcerpts)?, handlers: [TaskRegistration],
    schedules: [TaskSchedule], events: (any EventSink)?
  ) {
    let environment = Environment(
      providers: providers, store: store, time: time,
      identifiers: identifiers ?? TimeOrderedIdentifiers(time: time, random: random),
      random: random, bus: EventBus(sink: events), configuration: configuration, tools: ToolTable(tools),
      approver: approver, files: files)
    // Where there is one provider, its tasks can be left in the line while it has no room for them.
    let provider = providers.count == 1 ? providers.first?.model.provider : nil
    let model = TaskModel(environment: environment)
    var standard = [
      TaskRegistration(
        .conversation, handler: ConversationTaskHandler(environment: environment),
        provider: provider, attemptLimit: .duration(environment.configuration.work.attemptLimit)),
      TaskRegistration(.textGeneration, handler: ModelTaskHandler(model: model), provider: provider),
      TaskRegistration(.chatCompletion, handler: ModelTaskHandler(model: model), provider: provider),
      TaskRegistration(
        .reasoning, handler: ReasoningTaskHandler(environment: environment), provider: provider,
        attemptLimit: .none,
        // Nobody waits for it by the second: an outage of minutes is to pass.
        retry: RetryPolicy(maximumRetries: 8, base: .seconds(1), cap: .seconds(60))),
      TaskRegistration(
        .providerJobCancel, handler: ProviderJobCancelHandler(environment: environment),
        retry: ProviderJobCancelHandler.retry),
    ]
    if let images {
      standard.append(
        TaskRegistration(
          .imageGeneration, handler: ImageTaskHandler(environment: environment, storage: images)))
    }
    self.factory = factory
    self.environment = environment
    memoryGenerator = BackgroundMemoryGenerator(environment: environment)
    embeddingRunner = EmbeddingRunner(environment: environment)
    engine = TaskEngine(
      environment: environment, registrations: standard + handlers, schedules: schedules)
    (newLoops, addLoop) = AsyncStream.makeStream()
  }

  // MARK: Life

  /// Runs the companion until ``stop()``, or until the task is cancelled.
  ///
  /// It fits a service group as it is. ``stop()`` asks for a graceful end: answers stop, and running tasks
  /// have the configured grace to finish before they are given back. Cancellation aborts at once; what was
  /// delivered of an answer is stored even then.
  public func run() async {
    let mayRun = state.withLock { state in
      guard state.phase == .idle else { return false }
      state.phase = .running
      return true
    }
    if mayRun { await serve() }
  }

  /// Runs the companion in the background until ``stop()``. Starting it twice changes nothing.
  public func start() {
    state.withLock { state in
      guard state.phase == .idle else { return }
      state.phase = .running
      state.service = Unstructured.start { [self] in await serve() }
    }
  }

  /// Asks for a graceful end, and waits for it.
  public func stop() async {
    finishChats()
    engine.stop()
    memoryGenerator.requestStop()
    embeddingRunner.requestStop()
    if state.withLock({ $0.hasEnded }) { environment.bus.finish() }
    addLoop.finish()
    await withCheckedContinuation { continuation in
      let hasEnded = state.withLock { state in
        if !state.hasEnded { state.waitingForEnd.append(continuation) }
        return state.hasEnded
      }
      if hasEnded { continuation.resume() }
    }
    // Also of what was cancelled in a companion that never ran.
    await engine.waitForEndings()
    await environment.router.ledger.finish()
    await environment.router.estimates.finish()
  }

  private func serve() async {
    environment.bus.emit(event(.serviceStarted("companion")))
    let router = environment.router
    let ledger = router.ledger
    await withDiscardingTaskGroup { services in
      services.addTask { await router.keepLedger() }
      services.addTask { await router.estimates.run() }
      // What is left of budgets is known before the first call asks for it.
      services.addTask { await router.lookUpSpending() }
      let memory = environment.configuration.memory
      if memory.isAutomatic {
        services.addTask { await self.memoryGenerator.run() }
      }
      let embedding = environment.configuration.embedding
      if embedding.isAutomatic {
        services.addTask { await self.embeddingRunner.run() }
      }
      if let proactivity = memory.proactivity {
        let check = ProactiveCheck(environment: environment, configuration: proactivity)
        services.addTask { await check.run() }
      }
      await withDiscardingTaskGroup { group in
        group.addTask { await self.engine.run() }
        for await loop in newLoops {
          group.addTask { await self.serve(loop) }
        }
        // Cancellation ends the stream too: whoever waits for a chat that will not run has to be told.
        finishChats()
      }
      if memory.isAutomatic { await memoryGenerator.stop() }
      if embedding.isAutomatic { await embeddingRunner.stop() }
      services.cancelAll()
    }
    await ledger.finish()
    await router.estimates.finish()
    environment.bus.emit(event(.serviceStopped("companion")))
    environment.bus.finish()
    let waiting = state.withLock { state in
      state.phase = .stopped
      state.hasEnded = true
      state.loops = [:]
      defer { state.waitingForEnd = [] }
      return state.waitingForEnd
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Takes no more messages, and stops all answers.
  private func finishChats() {
    let loops = state.withLock { state -> [ChatLoop] in
      if state.phase == .idle { state.hasEnded = true }
      state.phase = .stopped
      return state.loops.values.sorted { $0.session < $1.session }
    }
    for loop in loops { loop.finish() }
  }

  private func serve(_ loop: ChatLoop) async {
    do {
      try await loop.run()
    } catch {
      // Those who wait have been told; the next message tries to open the session again.
    }
    state.withLock { state in
      if state.loops[loop.session] === loop { state.loops[loop.session] = nil }
    }
  }

  func event(_ kind: CompanionEvent.Kind) -> CompanionEvent {
    CompanionEvent(time: environment.time.now, kind: kind)
  }

  /// Has a session's loop do something; another one, if it has just come to rest.
  func withLoop<Value>(
    of session: SessionID, _ body: (ChatLoop) async throws(ChatFailure) -> Value?
  ) async throws(ChatFailure) -> Value {
    while true {
      let loop = try loop(for: session)
      if let value = try await body(loop) { return value }
      state.withLock { state in
        if state.loops[session] === loop { state.loops[session] = nil }
      }
    }
  }

  /// The loop of a session, started when there is none.
  func loop(for session: SessionID) throws(ChatFailure) -> ChatLoop {
    let wakeTasks: @Sendable () -> Void = { [engine] in engine.wake() }
    let (loop, isNew) = try state.withLock { state throws(ChatFailure) -> (ChatLoop, Bool) in
      guard state.phase == .running else { throw .notRunning }
      if let loop = state.loops[session] { return (loop, false) }
      state.makeRoom(for: environment.configuration.sessions.maximumOpen)
      let loop = ChatLoop(session: session, environment: environment, onTaskCreated: wakeTasks)
      state.loops[session] = loop
      return (loop, true)
    }
    if isNew { addLoop.yield(loop) }
    return loop
  }
}
