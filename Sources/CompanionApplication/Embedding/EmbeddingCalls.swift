import CompanionDomain
import CompanionPorts

/// How one run calls the service: what it counts, and how what comes is checked.
///
/// Not `Sendable`: it belongs to the task of the run.
final class EmbeddingCalls {
  private let environment: Environment
  let model: ModelIdentity
  private(set) var count = 0
  private(set) var tokens = 0
  /// The number of the last call that has succeeded.
  private(set) var lastSuccess = 0

  init(environment: Environment, model: ModelIdentity) {
    self.environment = environment
    self.model = model
  }

  private var configuration: EmbeddingConfiguration { environment.configuration.embedding }

  /// What is asked to learn whether the service answers, and with how many numbers.
  static let probe = "dimension"

  /// How many numbers the service's vectors have; it is asked with one word.
  func dimension() async throws(ProviderFailure) -> Int {
    let vector = try await vectors(of: [Self.probe]).first ?? []
    guard VectorIndex.dimensions.contains(vector.count) else {
      throw ProviderFailure(
        .malformedResponse, disposition: .permanentForProvider,
        message: "a vector has \(vector.count) numbers")
    }
    // What makes no vectors is not well.
    if let flaw = EmbeddingSpace(model: model, dimension: vector.count).flaw(ofMade: vector) {
      throw ProviderFailure(.malformedResponse, message: "a vector \(flaw)")
    }
    lastSuccess = count
    return vector.count
  }

  /// The vectors of texts, one for each, which are not checked.
  private func vectors(
    of texts: [String], isSuspect: Bool = false
  ) async throws(ProviderFailure) -> [[Float]] {
    count += 1
    let limit = configuration.callDeadline
    // Whoever waited for longer would have no rest of its own.
    let deadline = environment.time.now.advanced(by: limit / 2)
    let response = try await environment.calls.embed(
      texts, by: model, deadline: deadline, limit: limit, isSuspect: isSuspect)
    tokens = tokens.saturatingSum(response.usage?.input ?? 0)
    guard response.vectors.count == texts.count else {
      throw ProviderFailure(
        .malformedResponse, message: "\(response.vectors.count) vectors came for \(texts.count) texts")
    }
    return response.vectors
  }

  /// The vectors of texts in a space, one for each.
  ///
  /// A failure is not held against the provider, unless another one of the model answers the same: it may be for one of
  /// the texts, and who asks for the dimension next finds out. Otherwise a batch with a text that never succeeds could
  /// have the provider rest for ever.
  func vectors(
    of texts: [String], in space: EmbeddingSpace
  ) async throws(EmbeddingFlaw) -> [[Float]] {
    let vectors: [[Float]]
    do throws(ProviderFailure) { vectors = try await self.vectors(of: texts, isSuspect: true) } catch {
      throw .failure(error)
    }
    if let dimension = vectors.first?.count, dimension != space.dimension,
      vectors.allSatisfy({ $0.count == dimension })
    {
      throw .otherDimension(dimension)
    }
    for vector in vectors {
      if let flaw = space.flaw(ofMade: vector) { throw .vector("The vector \(flaw).") }
    }
    lastSuccess = count
    return vectors
  }
}

/// Why texts have no vectors.
enum EmbeddingFlaw: Error {
  /// The service failed.
  case failure(ProviderFailure)
  /// All vectors have another number of numbers than the space.
  case otherDimension(Int)
  /// A vector cannot be kept.
  case vector(String)
}
