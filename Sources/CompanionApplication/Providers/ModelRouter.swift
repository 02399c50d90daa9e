import CompanionDomain
import CompanionPorts
import Synchronization

/// Brings every call to a provider that can take it, and enters it in the ledger.
package final class ModelRouter: Sendable {
  let table: Mutex<ProviderTable>
  package let ledger: CallLedger
  let time: any TimeSource
  let events: EventEmitter
  let identifiers: any IdentifierSource
  /// Counts texts of which it does not matter which model reads them.
  let counter: any TokenCounter
  let learning: TokenLearning
  package let estimates: EstimateKeeper
  let hedgeAfter: Duration?
  private let store: any CompanionStore
  private let lookingUp = ConcurrencyLimit(1)
  let enteredJobs = Mutex(EnteredJobs())

  init(
    _ providers: [Provider], configuration: RoutingConfiguration, store: any CompanionStore,
    time: any TimeSource, identifiers: any IdentifierSource, events: EventEmitter
  ) {
    table = Mutex(ProviderTable(providers, strategy: configuration.strategy, at: time.now))
    ledger = CallLedger(
      store: store, time: time, events: events, retention: configuration.ledgerRetention)
    self.store = store
    self.time = time
    self.events = events
    self.identifiers = identifiers
    counter = configuration.tokenCounter ?? TokenEstimator()
    learning = TokenLearning(exact: configuration.tokenCounter)
    estimates = EstimateKeeper(learning, store: store, time: time, events: events)
    hedgeAfter = configuration.hedgeAfter
  }

  /// The tries of one request, at one provider after another.
  func tries(
    _ needs: RoutingNeeds, _ purpose: CallPurpose, _ context: EventContext, deadline: Timestamp? = nil
  ) -> RoutedTries {
    var needs = needs
    needs.task = context.task
    return RoutedTries(router: self, needs: needs, purpose: purpose, context: context, deadline: deadline)
  }

  /// What a request for text needs. Its tokens are estimated where a limit, a window or a price is.
  func needs(
    of request: GenerationRequest, kinds: Set<ModelCapabilities.Kind> = [.text]
  ) -> RoutingNeeds {
    RoutingNeeds(request, kinds: kinds, counter: table.withLock(\.countsTokens) ? counter : nil)
  }

  /// Counts the tokens of a prompt, whichever provider is asked, with the part of them that is to be kept free because
  /// it may be more.
  var textCounter: (counter: any TokenCounter, margin: Double) {
    learning.counter(
      for: table.withLock { table in
        table.rows.map(\.setup).filter { $0.kinds.contains(.text) }.map(\.model)
      })
  }

  /// The provider that is asked first for something; `nil` where there is none.
  func first(for kind: ModelCapabilities.Kind) -> ProviderTable.Setup? {
    table.withLock { table in
      for place in table.places where RoutingNeeds([kind]).lack(of: table.rows[place].setup) == nil {
        return table.rows[place].setup
      }
      return nil
    }
  }

  /// What a request for vectors needs; by the model that is asked first, unless it says by which.
  func needs(ofEmbedding texts: [String], by model: ModelIdentity?) -> RoutingNeeds {
    var needs = RoutingNeeds([.embedding])
    needs.model = model ?? embeddingModel
    guard table.withLock(\.countsTokens) else { return needs }
    let tokens = texts.map { max(counter.tokens(in: $0), 0) }
    needs.longestText = tokens.max()
    for count in tokens { needs.expected = needs.expected.adding(TokenUsage(input: count, output: 0)) }
    return needs
  }

  /// The model that is asked first for vectors; `nil` where there is none.
  var embeddingModel: ModelIdentity? { first(for: .embedding)?.embeddingModel }

  /// What holds for a model's vectors, whichever of its providers makes them; `nil` where it has none.
  func embeddingTerms(of model: ModelIdentity) -> EmbeddingTerms? {
    table.withLock { table in
      var terms: EmbeddingTerms?
      for row in table.rows where row.setup.embeddingModel == model {
        guard let service = row.setup.provider.services.embeddings else { continue }
        let window = row.setup.capabilities.contextWindow
        terms = EmbeddingTerms(
          window: [terms?.window, window].compactMap(\.self).min(),
          maximumBatch: min(terms?.maximumBatch ?? .max, max(1, service.maximumBatch)),
          isLexical: service.isLexical, metric: terms?.metric ?? service.metric)
      }
      return terms
    }
  }

  /// Tells of what has happened, outside of the lock.
  func tell(_ news: ProviderTable.News, _ context: EventContext) {
    for event in news.events { events.emit(event, in: context) }
    for wakeUp in news.wakeUps { wakeUp() }
  }

  /// Stores what is entered in the ledger, and removes what is old, until cancelled.
  package func keepLedger() async {
    await ledger.run(keepingFrom: { [self] in table.withLock { $0.countedSince(time.now) } })
  }

  // MARK: Budgets

  /// Looks up what budgets have been used up by before this process began, in the ledger, once. While that cannot
  /// be read, nobody knows whether they are used up, and their providers are not called.
  package func lookUpSpending() async {
    guard !table.withLock({ $0.unknownSpending(at: time.now) }).isEmpty else { return }
    // Whoever is cancelled is not going to call anybody.
    guard (try? await lookingUp.enter()) != nil else { return }
    defer { lookingUp.leave() }
    let unknown = table.withLock { $0.unknownSpending(at: time.now) }
    guard !unknown.isEmpty else { return }
    do throws(StoreFailure) {
      try await ledger.flush()
      for unknown in unknown {
        let totals = try await store.ledgerTotals(
          matching: LedgerFilter(provider: unknown.id, since: unknown.since))
        let spent = totals[unknown.id]?.costs[unknown.currency] ?? 0
        let wakeUps = table.withLock { $0.noteSpending(spent, of: unknown, at: time.now) }
        for wakeUp in wakeUps { wakeUp() }
      }
    } catch {
      table.withLock { $0.noteSpendingLookupFailed(at: time.now) }
      events.emit(.serviceFailed("budgets", error))
    }
  }

  // MARK: The end of a call

  /// Takes in how a call ended, and enters it in the ledger.
  ///
  /// - Parameters:
  ///   - latency: how soon it answered.
  ///   - start: when it was made.
  func settle(
    _ call: ProviderTable.Call, _ end: ProviderTable.End, usage: TokenUsage?, latency: Duration?,
    start: Timestamp, purpose: CallPurpose, context: EventContext
  ) -> Cost? {
    let now = time.now
    let usage = usage.flatMap { $0.isPossible ? $0 : nil }
    let cost = usage.flatMap { call.setup.price?.known(of: $0) }
    let entry = LedgerEntry(
      id: identifiers.next(), time: now, provider: call.id, model: call.setup.model, purpose: purpose,
      session: context.session, task: context.task, usage: usage?.counted, cost: cost,
      latency: max(start.duration(to: now), .zero), failure: end.failureKind)
    let news = table.withLock { table in
      table.count(entry)
      return table.settle(call, end, usage: usage, cost: cost, latency: latency, at: now)
    }
    ledger.enter(entry)
    tell(news, context)
    return cost
  }

  /// Holds it against a provider that it has failed at what another one has answered since.
  func blame(_ call: ProviderTable.Call, _ failure: ProviderFailure, _ context: EventContext) {
    tell(table.withLock { $0.blame(call, failure, at: time.now) }, context)
  }

  /// Takes in how a call ended that is not entered in the ledger: it was not made, or is a part of a job, which
  /// is entered when it is over.
  func settleUnentered(_ call: ProviderTable.Call, _ end: ProviderTable.End, _ context: EventContext) {
    let news = table.withLock {
      $0.settle(call, end, usage: nil, cost: nil, latency: nil, at: time.now)
    }
    tell(news, context)
  }

  /// Enters a call in the ledger that the table knows nothing of, and counts its cost.
  ///
  /// - Parameters:
  ///   - name: the entry's name; `nil` for a new one.
  ///   - task: the task whose job is over with it. What was held back for the job is let go of when its cost has
  ///     been counted, so that nobody is called on what it has used up.
  func enter(
    _ provider: Provider, _ purpose: CallPurpose, _ context: EventContext, name: LedgerEntryID? = nil,
    endingJobOf task: TaskID? = nil, usage: TokenUsage?, latency: Duration, failure: ProviderFailure.Kind?
  ) {
    let now = time.now
    let usage = usage.flatMap { $0.isPossible ? $0 : nil }
    let (entry, news) = table.withLock { table in
      let cost = usage.flatMap { provider.configuration.price?.known(of: $0) }
      let entry = LedgerEntry(
        id: name ?? identifiers.next(), time: now, provider: provider.id, model: provider.model,
        purpose: purpose,
        session: context.session, task: context.task, usage: usage?.counted, cost: cost,
        latency: max(latency, .zero), failure: failure)
      table.count(entry)
      var news = ProviderTable.News()
      if let event = cost.flatMap({ table.spend($0, at: provider.id, at: now) }) { news.events.append(event) }
      if let task { news.wakeUps = table.endJob(of: task, at: provider.id, at: now) }
      return (entry, news)
    }
    ledger.enter(entry)
    tell(news, context)
  }
}

extension ModelPrice {
  /// What tokens cost; `nil` where that is not a number.
  fileprivate func known(of usage: TokenUsage) -> Cost? {
    // One that is negative, or no number, would be refused with all that is stored beside it.
    let cost = Cost(amount: cost(of: usage), currency: currency)
    return cost.isPossible ? cost : nil
  }
}

extension ProviderTable.End {
  fileprivate var failureKind: ProviderFailure.Kind? {
    switch self {
    case .succeeded: nil
    case .failed(let failure), .rejected(let failure): failure.kind
    case .abandoned, .notMade: .cancelled
    }
  }
}

/// What holds for a model's vectors.
struct EmbeddingTerms: Sendable {
  /// The most tokens of a text; `nil` where that is not known.
  var window: Int?
  /// The most texts of a call.
  var maximumBatch: Int
  /// Whether they are near for their spelling.
  var isLexical: Bool
  /// How near they are, by the first of its providers.
  var metric: VectorMetric
}
