import CompanionDomain
import CompanionPorts
import Synchronization

/// Finds what means the same as a query: what is nearest to its vector.
///
/// It is a help, and never in the way: where there is no space, or the answer does not come in time, nothing is found.
/// Vectors that a store has to read first are read all the same, for the next time.
struct RecallByVectors: Sendable {
  let environment: Environment

  /// What is nearest, best first, and whether that is for its spelling.
  func callAsFunction(
    _ query: String, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async -> (found: [RankedItem<RecallSource>], isLexical: Bool) {
    let patience = environment.configuration.embedding.recallPatience
    let deadline = environment.time.now.advanced(by: patience)
    do {
      guard let model = try await environment.recallModel.choose(environment, by: deadline),
        let terms = environment.router.embeddingTerms(of: model)
      else { return ([], false) }
      let counter = environment.router.counter
      let tokens = min(environment.configuration.embedding.pieceTokens, terms.window ?? .max)
      // What is left of a secret that is cut could not be told as one.
      let masked = environment.mask.forEmbedding(query)
      let text = masked.utf8.count <= tokens ? masked : counter.cut(masked, toTokens: tokens)
      let vector = try await environment.calls.vector(of: text, by: model, endingBy: deadline)
      let found = try await environment.store(endingBy: deadline).nearest(
        // A model that was configured anew compares with what it has made since, whatever covers more.
        to: vector, in: EmbeddingSpace(model: model, dimension: vector.count),
        scopes: scopes, matching: filter, by: terms.metric, limit: limit)
      return (found.map { RankedItem(id: $0.source, score: $0.similarity) }, terms.isLexical)
    } catch let failure as StoreFailure {
      if case .timedOut = failure {} else { environment.events.emit(.serviceFailed("recall", failure)) }
      return ([], false)
    } catch {
      // The call has told of its end.
      return ([], false)
    }
  }
}

/// The model by whose vectors recall finds.
///
/// It is the one that is asked first, as soon as nothing waits for its vectors; until then that of another provider,
/// if there is one in whose space more is done. So what is found goes over to another model when that has caught up.
final class RecallModel: Sendable {
  private struct Choice {
    var model: ModelIdentity
    var current: ModelIdentity
    var spaces: [EmbeddingSpace]
    var time: Timestamp
  }

  private let last = Mutex<Choice?>(nil)

  /// How long a choice holds: to count what is done takes a while, where there is much.
  private static let validity = Duration.seconds(30)

  /// - Returns: `nil` where there are no vectors.
  func choose(
    _ environment: Environment, by deadline: Timestamp
  ) async throws(StoreFailure) -> ModelIdentity? {
    guard let current = environment.router.embeddingModel else { return nil }
    let store = environment.store(endingBy: deadline)
    let spaces = try await store.embeddingSpaces()
    let usable = spaces.filter { environment.router.embeddingTerms(of: $0.model) != nil }
    guard Set(usable.map(\.model)).count > 1 else { return usable.first?.model }
    let now = environment.time.now
    if let last = last.withLock(\.self), last.current == current, last.spaces == usable,
      (.zero..<Self.validity).contains(last.time.duration(to: now))
    {
      return last.model
    }
    var best: (model: ModelIdentity, done: Int)?
    // The newest first: of several of one model it is the one that is filled.
    for space in usable.reversed() {
      guard let coverage = try await store.embeddingCoverage(in: space) else { continue }
      if space.model == current, coverage.waiting == 0 {
        best = (current, .max)
        break
      }
      let done = coverage.embedded + coverage.parked
      let isBetter = best.map { done > $0.done || (done == $0.done && space.model == current) }
      if isBetter ?? true { best = (space.model, done) }
    }
    guard let best else { return nil }
    last.withLock { $0 = Choice(model: best.model, current: current, spaces: usable, time: now) }
    return best.model
  }
}

extension Environment {
  /// The store, for what nobody waits for beyond a deadline.
  fileprivate func store(endingBy deadline: Timestamp) -> any CompanionStore {
    BoundedStore(base: store, time: time, limit: max(.zero, time.now.duration(to: deadline)))
  }
}
