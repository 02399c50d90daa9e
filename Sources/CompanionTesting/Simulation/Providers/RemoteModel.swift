import CompanionApplication
import CompanionDomain
import CompanionPorts

/// What one configuration of a provider is called by, in one life of a process.
struct RemoteModel: LanguageModel, BackgroundLanguageModel {
  let provider: Int
  let version: Int
  /// Whether the provider has no such model.
  let isMissing: Bool
  let life: CompanionLife
  let world: ProviderWorld

  var identity: ModelIdentity {
    ModelIdentity(provider: ProviderScenario.ids[provider].rawValue, model: "version-\(version)")
  }

  // MARK: Answers

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let call = try begin(WireCall.Kind(request.purpose), subject(of: request))
    let reaction = try await react(call)
    call.end(.succeeded, usage: reaction.usage)
    return GenerationResponse(text: "An answer.", usage: reaction.usage)
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let (kind, subject) = (WireCall.Kind(request.purpose), subject(of: request))
    do throws(ProviderFailure) {
      return try await stream(kind, subject)
    } catch {
      guard world.flaw == .retrySameProvider, error.disposition == .transient else { throw error }
      return try await stream(kind, subject)
    }
  }

  private func stream(
    _ kind: WireCall.Kind, _ subject: WireCall.Subject?
  ) async throws(ProviderFailure) -> GenerationStream {
    let call = try begin(kind, subject)
    let reaction = world.remote.reaction(of: provider)
    if isMissing || reaction.fault?.comesBeforeAnswer ?? false {
      _ = try await react(call, reaction)
    } else {
      try await pass(reaction.latency, call)
    }
    return GenerationStream(
      RemoteAnswer(model: self, kind: kind, subject: subject, call: call, reaction: reaction))
  }

  /// The rest of an answer that was cut, from another provider; see ``PlantedProviderFlaw/switchMidway``.
  fileprivate func restElsewhere(
    _ kind: WireCall.Kind, _ subject: WireCall.Subject?
  ) async -> GenerationStream? {
    let other = (provider + 1) % world.scenario.remotes.count
    guard let version = world.witness.version(of: other, in: life.index) else { return nil }
    let model = RemoteModel(provider: other, version: version, isMissing: false, life: life, world: world)
    do throws(ProviderFailure) { return try await model.stream(kind, subject) } catch { return nil }
  }

  // MARK: Jobs

  func submit(_ request: GenerationRequest, key: String) async throws(ProviderFailure) -> ProviderJob {
    let key = world.flaw == .resubmitAfterRestart ? "\(key)-\(life.number)" : key
    let task = RunScope.current?.task
    if let task { world.checkSubmission(key, for: task) }
    let call = try begin(.submit, subject(of: request))
    let reaction = world.remote.reaction(of: provider)
    if !isMissing, case .timeout(_, isDone: true)? = reaction.fault {
      // It is taken, and nobody learns of it.
      _ = world.remote.submit(key, for: task, at: provider)
    }
    _ = try await react(call, reaction)
    guard let id = world.remote.submit(key, for: task, at: provider) else {
      throw fail(call, ProviderFailure(.serverError))
    }
    world.remote.noteKnown(id)
    world.witness.tell("\(id) is submitted as \(key)")
    call.end(.succeeded)
    return ProviderJob(id: id, state: .queued)
  }

  func poll(_ job: ProviderJobID) async throws(ProviderFailure) -> ProviderJob {
    let call = try begin(.poll, RunScope.current.map { .run($0.number) })
    _ = try await react(call)
    guard let (state, _) = world.remote.look(at: job) else {
      throw fail(call, ProviderFailure(.invalidRequest, status: 404))
    }
    // What the provider did wrong with a job counts as any other failure of its own.
    if case .failed(let failure) = state.state { call.end(.failed(failure)) } else { call.end(.succeeded) }
    return state
  }

  func fetch(_ job: ProviderJobID) async throws(ProviderFailure) -> GenerationResponse {
    let call = try begin(.fetch, RunScope.current.map { .run($0.number) })
    _ = try await react(call)
    guard let (state, usage) = world.remote.look(at: job) else {
      throw fail(call, ProviderFailure(.invalidRequest, status: 404))
    }
    guard state.state == .completed || state.state.isIncomplete else {
      throw fail(call, ProviderFailure(.invalidRequest, status: 409))
    }
    call.end(.succeeded, usage: usage)
    return GenerationResponse(text: "A long answer.", usage: usage)
  }

  func cancel(_ job: ProviderJobID) async throws(ProviderFailure) {
    guard world.flaw != .swallowCancel else { return }
    let call = try begin(.cancel, nil)
    world.remote.noteTriedStop(job)
    _ = try await react(call)
    world.remote.stop(job)
    call.end(.succeeded)
  }

  // MARK: Parts

  private func begin(
    _ kind: WireCall.Kind, _ subject: WireCall.Subject?
  ) throws(ProviderFailure) -> OpenCall {
    // Whoever is dead calls nobody.
    guard !life.hasDied, !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    let used = kind.isRouted ? life.version(of: provider) ?? version : version
    var places = [world.witness.noteBegin(kind, of: subject, at: provider, by: used, in: life.index)]
    if world.flaw == .twoProbes, kind.isRouted, world.witness.isProbing(provider, in: life.index) {
      places.append(world.witness.noteBegin(kind, of: nil, at: provider, by: used, in: life.index))
    }
    return OpenCall(world.witness, places: places)
  }

  /// Waits until the provider has reacted.
  ///
  /// - Throws: what went wrong; the call has ended then.
  private func react(_ call: OpenCall) async throws(ProviderFailure) -> RemoteService.Reaction {
    try await react(call, world.remote.reaction(of: provider))
  }

  private func react(
    _ call: OpenCall, _ reaction: RemoteService.Reaction
  ) async throws(ProviderFailure) -> RemoteService.Reaction {
    try await pass(reaction.fault?.patience ?? reaction.latency, call)
    if isMissing { throw fail(call, ProviderFailure(.modelNotFound, status: 404)) }
    guard let failure = reaction.fault?.failure else { return reaction }
    throw fail(call, failure)
  }

  func pass(_ duration: Duration, _ call: OpenCall) async throws(ProviderFailure) {
    do {
      try await world.time.sleep(until: world.time.now.advanced(by: duration), tolerance: nil)
    } catch {
      call.end(.abandoned)
      if world.flaw == .ignoreStop {
        await world.stayAway(until: world.witness.limit.advanced(by: .seconds(-300)))
      }
      throw ProviderFailure(.cancelled)
    }
    guard !life.hasDied else {
      call.end(.abandoned)
      throw ProviderFailure(.cancelled)
    }
  }

  /// Ends a call with a failure, and says which one the caller is given.
  func fail(_ call: OpenCall, _ failure: ProviderFailure) -> ProviderFailure {
    call.end(.failed(failure))
    guard world.flaw == .ignoreRetryAfter else { return failure }
    var failure = failure
    failure.retryAfter = nil
    return failure
  }

  /// What a request is made for: the run of a task, or the turn whose number the person's message has in it.
  private func subject(of request: GenerationRequest) -> WireCall.Subject? {
    if let run = RunScope.current { return .run(run.number) }
    guard let text = request.messages.last(where: { $0.role == .user })?.text,
      let mark = text.lastIndex(of: "#"), let turn = Int(text[text.index(after: mark)...])
    else { return nil }
    return .turn(turn, request.purpose)
  }
}

/// The events of a streamed answer, with what goes wrong with them.
private struct RemoteAnswer: AsyncSequence, Sendable {
  typealias Element = GenerationEvent
  typealias Failure = ProviderFailure

  let model: RemoteModel
  let kind: WireCall.Kind
  let subject: WireCall.Subject?
  let call: OpenCall
  let reaction: RemoteService.Reaction

  func makeAsyncIterator() -> Iterator { Iterator(self) }

  struct Iterator: AsyncIteratorProtocol {
    private let answer: RemoteAnswer
    private var given = 0
    private var isOver = false
    /// What another provider answers instead.
    private var rest: GenerationStream.AsyncIterator?

    init(_ answer: RemoteAnswer) { self.answer = answer }

    private var model: RemoteModel { answer.model }
    private var call: OpenCall { answer.call }
    private var reaction: RemoteService.Reaction { answer.reaction }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> GenerationEvent? {
      if rest != nil { return try await rest?.next(isolation: actor) }
      guard !isOver else { return nil }
      do throws(ProviderFailure) {
        try await model.pass(reaction.latency / 2, call)
        if let fault = reaction.fault, given >= fault.piecesBefore { try fail(by: fault) }
      } catch {
        isOver = true
        guard model.world.flaw == .switchMidway, given > 0, error.kind == .streamCut else { throw error }
        rest = await model.restElsewhere(answer.kind, answer.subject)?.makeAsyncIterator()
        guard rest != nil else { throw error }
        return try await rest?.next(isolation: actor)
      }
      given += 1
      if given <= reaction.pieces, !reaction.isEmpty {
        call.notePiece()
        return .text("a piece ")
      }
      guard isUsageGiven || reaction.isEmpty else {
        isUsageGiven = true
        return .usage(reaction.usage)
      }
      isOver = true
      call.end(end, usage: reaction.isEmpty ? nil : reaction.usage)
      return .finished(reaction.isCut ? .length : .stop)
    }

    private var isUsageGiven = false

    /// An answer without a word is none, as whoever reads it has to notice.
    private var end: WireCall.End {
      reaction.isEmpty ? .failed(ProviderFailure(.malformedResponse)) : .succeeded
    }

    private func fail(by fault: RemoteFault) throws(ProviderFailure) {
      switch fault {
      case .cut: throw model.fail(call, ProviderFailure(.streamCut))
      case .filteredMidway: throw model.fail(call, ProviderFailure(.contentFiltered))
      default: break
      }
    }
  }
}

extension RemoteService.Reaction {
  fileprivate var isEmpty: Bool { if case .empty? = fault { true } else { false } }
  fileprivate var isCut: Bool { if case .length? = fault { true } else { false } }
}

extension RemoteFault {
  /// Whether the provider does not even begin to answer.
  fileprivate var comesBeforeAnswer: Bool {
    switch self {
    case .refusal, .timeout, .malformed: true
    case .cut, .empty, .length, .filteredMidway: false
    }
  }

  /// After how many pieces of an answer it comes.
  fileprivate var piecesBefore: Int {
    switch self {
    case .cut(afterFirst: false): 0
    default: 1
    }
  }

  /// How long it takes, where that is more than usual.
  fileprivate var patience: Duration? {
    if case .timeout(let after, _) = self { after } else { nil }
  }

  /// What a caller sees that waits for one whole answer.
  fileprivate var failure: ProviderFailure? {
    switch self {
    case .refusal(let failure): failure
    case .timeout: ProviderFailure(.timedOut)
    case .cut: ProviderFailure(.connectionLost)
    case .malformed, .empty: ProviderFailure(.malformedResponse)
    case .filteredMidway: ProviderFailure(.contentFiltered)
    case .length: nil
    }
  }
}

extension ProviderJobState {
  fileprivate var isIncomplete: Bool { if case .incomplete = self { true } else { false } }
}
