import CompanionApplication
import CompanionDomain
import CompanionPorts

/// The service that embeds, as one life of a process reaches it.
struct RemoteEmbeddings: EmbeddingService {
  let life: EmbeddingLife
  let world: EmbeddingWorld

  var identity: ModelIdentity { life.version.identity }
  var maximumBatch: Int { 64 }

  private var witness: EmbeddingWitness { world.witness }

  /// The right vector of a text: no two models have the same.
  static func vector(of text: String, by model: ModelIdentity, dimension: Int) -> [Float] {
    ScriptedEmbeddings.vector(of: "\(model.model)\0\(text)", dimension: dimension)
  }

  private func vector(of text: String, longer: Int = 0) -> [Float] {
    Self.vector(of: text, by: identity, dimension: life.version.dimension + longer)
  }

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    guard !life.process.hasDied, !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    // What is asked may be embedded at any time.
    if life.process.hasStopped, witness.isOfRunner(texts) {
      witness.report(.shutdownEnds, "\(life.process) asks for vectors when it has stopped")
    }
    let call = witness.begin(texts, by: life.index)
    do throws(ProviderFailure) {
      let (vectors, fault) = try await vectors(of: texts)
      if let fault { witness.end(call, .failed(fault)) } else { witness.end(call, .answered) }
      let tokens = texts.reduce(0) { $0 + $1.utf8.count / 4 + 1 }
      return EmbeddingResponse(vectors: vectors, usage: TokenUsage(input: tokens, output: 0))
    } catch {
      if error.kind == .cancelled {
        witness.end(call, .abandoned)
      } else {
        witness.end(call, .failed(.failure(error)), retryAfter: error.retryAfter)
      }
      throw error
    }
  }

  /// What is answered, and what is wrong with it.
  private func vectors(
    of texts: [String]
  ) async throws(ProviderFailure) -> ([[Float]], EmbeddingFault?) {
    let reaction = world.nextReaction(to: texts)
    if reaction.edits {
      try await pass(reaction.latency / 2)
      await world.edit(texts)
      try await pass(reaction.latency / 2)
    } else {
      try await pass(reaction.latency)
    }
    if texts.contains(where: { $0.utf8.count > world.scenario.service.longestText }) {
      throw ProviderFailure(.contextLengthExceeded, status: 400)
    }
    guard let fault = reaction.fault else { return (texts.map { vector(of: $0) }, nil) }
    return (try await vectors(of: texts, fault, place: reaction.place), fault)
  }

  private func vectors(
    of texts: [String], _ fault: EmbeddingFault, place: Int
  ) async throws(ProviderFailure) -> [[Float]] {
    var vectors = texts.map { vector(of: $0) }
    switch fault {
    case .failure(let failure): throw failure
    case .hang: while true { try await pass(.seconds(86_400)) }
    case .late: try await pass(world.scenario.embedding.callDeadline + .seconds(5))
    case .tooFew: vectors.removeLast()
    case .tooMany: vectors.append(vector(of: "more"))
    case .notFinite: vectors[place][0] = .nan
    case .otherDimension: vectors[place] = vector(of: texts[place], longer: 8)
    }
    return vectors
  }

  private func pass(_ duration: Duration) async throws(ProviderFailure) {
    do {
      try await world.time.sleep(until: world.time.now.advanced(by: duration), tolerance: nil)
    } catch {
      if world.flaw == .ignoreStop { await world.stayAway(until: world.time.now.advanced(by: .seconds(900))) }
      throw ProviderFailure(.cancelled)
    }
    guard !life.process.hasDied else { throw ProviderFailure(.cancelled) }
  }
}

/// How the service reacts to one call.
struct EmbeddingReaction: Sendable {
  var latency: Duration
  var fault: EmbeddingFault?
  /// Which text is hit, where it is a single one.
  var place = 0
  /// Whether somebody changes a text meanwhile.
  var edits = false
}

extension EmbeddingFault {
  /// One that anything may be hit by.
  init(_ dice: inout Dice) {
    self = dice.pick([
      .failure(ProviderFailure(.rateLimited, retryAfter: .seconds(dice.number(in: 1...200)), status: 429)),
      .failure(ProviderFailure(.serverError, status: 500)),
      .failure(ProviderFailure(.overloaded, retryAfter: .seconds(dice.number(in: 1...60)), status: 503)),
      .failure(ProviderFailure(.overloaded, status: 529)), .failure(ProviderFailure(.timedOut)),
      .failure(ProviderFailure(.unreachable)), .failure(ProviderFailure(.connectionLost)),
      .failure(ProviderFailure(.malformedResponse)), .hang, .late, .tooFew, .tooMany, .notFinite,
      .otherDimension,
    ])
  }
}
