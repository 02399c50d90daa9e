public import CompanionDomain
public import CompanionPorts

/// Keeps everything that can be found embedded: messages, memories, facts and documents, by the model that is asked
/// first for vectors.
///
/// It embeds what is new or changed, and nothing else: at once when it starts, then at an interval, when something
/// was written, or when what has failed is due again. Where a call fails, the items that it fails for are told apart
/// from the others, tried again later, and parked at last with the reason. Every batch is stored at once, by a
/// comparison with the text that it is of: what was changed meanwhile is embedded anew, and after a crash nothing
/// that was stored is embedded again.
///
/// Where no configured provider makes vectors it does not start. It runs once, from ``start()`` or ``run()`` to
/// ``stop()``.
public final class EmbeddingRunner: Sendable {
  private let environment: Environment
  private let runs: RepeatedRuns<EmbeddingRun>
  private let findings: EmbeddingFindings

  package init(environment: Environment) {
    let configuration = environment.configuration.embedding
    let turn = ConcurrencyLimit(1)
    let findings = EmbeddingFindings()
    self.findings = findings
    self.environment = environment
    runs = RepeatedRuns(
      RepeatedRuns.Plan(
        name: "embedding", stopGrace: configuration.stopGrace, debounce: configuration.debounce,
        changes: { environment.store.embeddingChanges() },
        isWorthwhile: { true },
        pause: { run in Self.pause(after: run, limits: findings.limitsInARow, environment) },
        run: { stopping in await Self.run(stopping, turn, findings, environment) },
        noRun: { Self.run(at: environment.time.now, .stopped) }),
      environment: environment)
  }

  /// Whether it runs.
  public var isRunning: Bool { runs.isRunning }

  /// The last run that has ended; `nil` before.
  public var lastRun: EmbeddingRun? { runs.lastRun }

  /// Embeds until ``stop()``, or until the task is cancelled, which gives up the call that is under way. Without a
  /// service it returns at once.
  public func run() async {
    guard environment.router.embeddingModel != nil else { return }
    findings.askFor()
    await runs.serve()
  }

  /// Runs in the background until ``stop()``. Starting it twice changes nothing, nor does starting it without a
  /// service.
  public func start() {
    guard environment.router.embeddingModel != nil else { return }
    findings.askFor()
    runs.start()
  }

  /// Ends it behind the batch that is under way, and waits for that; when the batch takes longer than its grace, its
  /// call is given up. What was stored stays.
  public func stop() async { await runs.stop() }

  /// Asks it to end, without waiting.
  package func requestStop() { runs.requestStop() }

  /// Embeds everything that is due now, and waits for it.
  ///
  /// - Returns: what was done. When the runner runs, it is the run behind the one that may be under way.
  public func runOnce() async -> EmbeddingRun { await runs.runNow() }

  /// How far everything is.
  ///
  /// - Throws: `StoreFailure` when the store cannot be read.
  public func status() async throws(StoreFailure) -> EmbeddingStatus {
    var spaces: [EmbeddingStatus.Space] = []
    for space in try await environment.store.embeddingSpaces() {
      guard let coverage = try await environment.store.embeddingCoverage(in: space) else { continue }
      spaces.append(EmbeddingStatus.Space(space: space, coverage: coverage))
    }
    return EmbeddingStatus(
      model: environment.router.embeddingModel, isRunning: isRunning, spaces: spaces,
      lastRun: lastRun)
  }

  private static func run(
    _ stopping: EndSignal, _ turn: ConcurrencyLimit, _ findings: EmbeddingFindings, _ environment: Environment
  ) async -> EmbeddingRun {
    guard let model = environment.router.embeddingModel,
      let terms = environment.router.embeddingTerms(of: model)
    else {
      return run(at: environment.time.now, .noService)
    }
    // Two at a time would embed the same.
    guard (try? await turn.enter()) != nil else { return run(at: environment.time.now, .stopped) }
    defer { turn.leave() }
    let run = await EmbeddingPass(
      environment: environment, model: model, terms: terms, findings: findings,
      stopping: stopping)()
    findings.note(run)
    if run.calls > 0 || run.end != .complete { environment.events.emit(.embeddingRunEnded(run)) }
    return run
  }

  private static func run(at now: Timestamp, _ end: EmbeddingRun.End) -> EmbeddingRun {
    var run = EmbeddingRun(startedAt: now)
    run.end = end
    return run
  }

  /// How long to wait for the next run.
  ///
  /// - Parameter limits: how many runs have ended one after the other since the rate was limited, and nobody said until
  ///   when.
  private static func pause(
    after run: EmbeddingRun, limits: Int, _ environment: Environment
  ) -> Duration {
    var pause = environment.configuration.embedding.interval
    if case .serviceFailed(let failure) = run.end, let wait = failure.retryAfter { pause = min(pause, wait) }
    if limits > 0 {
      let policy = RetryPolicy(base: .seconds(1), cap: pause)
      pause = policy.backoff(afterFailures: limits - 1)
    }
    if let retry = run.nextRetry { pause = min(pause, environment.time.now.duration(to: retry)) }
    return max(pause, .seconds(1))
  }
}

/// How far everything is embedded.
public struct EmbeddingStatus: Hashable, Sendable {
  /// A space, and how much has its vectors there.
  public struct Space: Hashable, Sendable {
    /// The space.
    public var space: EmbeddingSpace
    /// How much has its vectors there.
    public var coverage: EmbeddingCoverage
  }

  /// The model that is asked first for vectors; `nil` where no configured provider makes any: nothing is embedded
  /// then.
  public var model: ModelIdentity?
  /// Whether the runner runs.
  public var isRunning: Bool
  /// The open spaces, in the order in which they were opened.
  public var spaces: [Space]
  /// The last run in this process; `nil` before the first.
  public var lastRun: EmbeddingRun?
}
