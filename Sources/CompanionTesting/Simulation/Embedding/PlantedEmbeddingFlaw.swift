import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// A mistake that whoever embeds is known to make, to show that a simulation finds it.
@nonexhaustive
public enum PlantedEmbeddingFlaw: String, Hashable, Sendable, CaseIterable {
  /// Vectors are stored whatever the text is by now.
  case ignoreHash = "ignore-hash"
  /// What cannot be embedded because the service is down is charged with it.
  case chargeOutage = "charge-outage"
  /// What is parked has no reason.
  case parkSilently = "park-silently"
  /// Of a batch that fails everything has failed.
  case forgetBisection = "forget-bisection"
  /// What comes is made to fit, and stored.
  case storeUnchecked = "store-unchecked"
  /// What has its vectors is embedded once more.
  case embedAgain = "embed-again"
  /// What has failed is not tried again for very long.
  case loseRetry = "lose-retry"
  /// What the service asks to wait is not passed on.
  case ignoreWait = "ignore-wait"
  /// A text that no service takes ends the run, every time.
  case blockHead = "block-head"
  /// A call that is told to stop does not come back for very long.
  case ignoreStop = "ignore-embedding-stop"
}

/// A store that does not do what it is asked; see ``PlantedEmbeddingFlaw``.
struct FlawedEmbeddingStore: StoreWrapper {
  let base: any CompanionStore
  let flaw: PlantedEmbeddingFlaw
  private let stored = StoredSources()

  init(base: any CompanionStore, flaw: PlantedEmbeddingFlaw) {
    self.base = base
    self.flaw = flaw
  }

  /// What this process has stored vectors of.
  private final class StoredSources: Sendable {
    private let sources = Mutex<Set<RecallSource>>([])

    func add(_ source: RecallSource) { sources.withLock { _ = $0.insert(source) } }

    var all: Set<RecallSource> { sources.withLock(\.self) }
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    var rewritten: [ChangeSet.Change] = []
    for change in changes.changes { rewritten.append(try await rewrite(change)) }
    return try await base.commit(ChangeSet(rewritten))
  }

  private func rewrite(_ change: ChangeSet.Change) async throws(StoreFailure) -> ChangeSet.Change {
    switch change {
    case .putEmbedding(var embedded, let space):
      stored.add(embedded.source)
      guard flaw == .ignoreHash, let record = try await base.records(of: [embedded.source])[embedded.source],
        let text = EmbeddingText(record)
      else { return change }
      embedded.hash = text.hash
      return .putEmbedding(embedded, in: space)
    case .noteFailedEmbedding(var failed, let space):
      if flaw == .parkSilently, failed.retryAt == nil { failed.reason = "" }
      if flaw == .loseRetry, let retryAt = failed.retryAt {
        failed.retryAt = retryAt.advanced(by: .seconds(30 * 86_400))
      }
      return .noteFailedEmbedding(failed, in: space)
    default: return change
    }
  }

  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    let work = try await base.embeddingWork(in: space, at: now, limit: limit)
    guard flaw == .embedAgain, !work.isEmpty, let source = stored.all.min(),
      let record = try await base.records(of: [source])[source],
      !work.contains(where: { $0.record == record })
    else { return work }
    return work + [EmbeddingWork(record: record)]
  }
}

/// A service whose answers are not passed on as they are; see ``PlantedEmbeddingFlaw``.
struct FlawedEmbeddings: EmbeddingService {
  let base: RemoteEmbeddings
  let flaw: PlantedEmbeddingFlaw
  let witness: EmbeddingWitness
  private let failed = FailedTexts()

  init(base: RemoteEmbeddings, flaw: PlantedEmbeddingFlaw, witness: EmbeddingWitness) {
    self.base = base
    self.flaw = flaw
    self.witness = witness
  }

  var identity: ModelIdentity { base.identity }
  var maximumBatch: Int { base.maximumBatch }

  /// The texts of the last batch that has failed, and how.
  private final class FailedTexts: Sendable {
    private let last = Mutex<(texts: Set<String>, failure: ProviderFailure)?>(nil)

    func note(_ texts: [String], _ failure: ProviderFailure) { last.withLock { $0 = (Set(texts), failure) } }

    func failure(of texts: [String]) -> ProviderFailure? {
      last.withLock { last in
        guard let last, texts.count < last.texts.count, last.texts.isSuperset(of: texts) else { return nil }
        return last.failure
      }
    }
  }

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    if flaw == .blockHead, witness.poison(of: texts) != nil { throw ProviderFailure(.overloaded) }
    if flaw == .forgetBisection, let failure = failed.failure(of: texts) { throw failure }
    if flaw == .chargeOutage, texts == EmbeddingWitness.probe {
      return EmbeddingResponse(vectors: [Array(repeating: 1, count: base.life.version.dimension)])
    }
    do throws(ProviderFailure) {
      let response = try await base.embed(texts)
      return flaw == .storeUnchecked ? fitting(response, for: texts) : response
    } catch {
      var failure = error
      if flaw == .ignoreWait { failure.retryAfter = nil }
      if flaw == .forgetBisection, !EmbeddingFault.failure(failure).isOfService, failure.kind != .cancelled {
        failed.note(texts, failure)
      }
      if flaw == .chargeOutage, failure.kind == .unreachable { failure = ProviderFailure(.serverError) }
      throw failure
    }
  }

  /// As many vectors as texts, each with as many numbers as it should have.
  private func fitting(_ response: EmbeddingResponse, for texts: [String]) -> EmbeddingResponse {
    let dimension = base.life.version.dimension
    var response = response
    response.vectors = response.vectors.prefix(texts.count).map { vector in
      let numbers = vector.prefix(dimension).map { $0.isFinite ? $0 : 0 }
      return numbers + Array(repeating: 0, count: dimension - numbers.count)
    }
    let missing = texts.count - response.vectors.count
    response.vectors += Array(repeating: Array(repeating: 1, count: dimension), count: missing)
    return response
  }
}
