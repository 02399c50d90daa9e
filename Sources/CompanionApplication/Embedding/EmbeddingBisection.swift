import CompanionDomain
import CompanionPorts

/// Embeds a batch. Where a call fails, and the service answers something else, it is made again for each half, down to
/// the items that cannot be embedded.
struct EmbeddingBisection {
  /// An item that could not be embedded, and why.
  struct Failure {
    let item: EmbeddingItem
    let reason: String
    private let retryAfter: Duration?
    /// The number of the call that failed.
    let call: Int

    fileprivate init(_ item: EmbeddingItem, _ flaw: EmbeddingFlaw, _ space: EmbeddingSpace, call: Int) {
      self.item = item
      reason = flaw.reason(space)
      retryAfter = flaw.retryAfter
      self.call = call
    }

    /// What is noted of it: it is tried again, later each time, or parked when it has been tried often enough.
    func failedEmbedding(at now: Timestamp, _ retry: RetryPolicy) -> FailedEmbedding {
      let attempts = item.attempts + 1
      var retryAt: Timestamp?
      if attempts <= retry.maximumRetries {
        retryAt = now.advanced(by: max(retry.backoff(afterFailures: attempts - 1), retryAfter ?? .zero))
      }
      return FailedEmbedding(
        source: item.id.source, hash: item.id.hash, attempts: attempts, reason: reason, retryAt: retryAt)
    }
  }

  /// Why the rest of a batch was not tried.
  enum Stop: Error {
    /// The service failed, whatever it was given.
    case service(ProviderFailure)
    /// The model's vectors have another number of numbers than the space's.
    case otherDimension(Int)
  }

  private let calls: EmbeddingCalls
  private let space: EmbeddingSpace
  /// The most texts of a call.
  private let limit: Int
  private(set) var embedded: [EmbeddedSource] = []
  private var failures: [Failure] = []
  /// Whether a call has failed in a way that may be for its texts.
  private(set) var isSuspect = false

  init(calls: EmbeddingCalls, space: EmbeddingSpace, limit: Int) {
    self.calls = calls
    self.space = space
    self.limit = limit
  }

  /// Embeds items.
  ///
  /// - Parameters:
  ///   - wasLast: whether a run was ended at them before: a refusal of everything, such as of the key, may be for them
  ///     then.
  ///   - isPart: whether they have failed with others just now.
  mutating func embed(
    _ items: ArraySlice<EmbeddingItem>, chunker: TextChunker, counter: any TokenCounter,
    wasLast: Bool = false, isPart: Bool = false
  ) async throws(Stop) {
    let flaw: EmbeddingFlaw
    do throws(EmbeddingFlaw) {
      let vectors = try await vectors(of: items)
      for (item, vectors) in zip(items, vectors) {
        embedded.append(EmbeddedSource(source: item.id.source, hash: item.id.hash, vectors: vectors))
      }
      return
    } catch {
      flaw = error
    }
    if case .failure(let failure) = flaw {
      isSuspect = isSuspect || failure.mayBeForRequest
      // Whoever asks for a rest is given it, whatever it was given.
      let isRefusal = failure.disposition == .permanentForProvider
      let isOutage =
        !failure.mayBeForRequest || failure.retryAfter != nil
        || (failure.isOutage && !(wasLast && isRefusal))
      if Task.isCancelled || isOutage { throw .service(failure) }
    }
    let failedAt = calls.count
    if !isPart {
      // Whoever answers one word is well, and is the model that the space is of.
      let dimension = try await probe()
      if dimension != space.dimension, case .otherDimension(dimension) = flaw {
        throw .otherDimension(dimension)
      }
    }
    guard let item = items.first else { return }
    if items.count > 1 {
      let middle = items.startIndex + items.count / 2
      try await embed(items[..<middle], chunker: chunker, counter: counter, isPart: true)
      try await embed(items[middle...], chunker: chunker, counter: counter, isPart: true)
    } else if flaw.isOfLength, let shorter = chunker.halved {
      // The model counts otherwise.
      try await embed(
        [item.cut(by: shorter, counter: counter)], chunker: shorter, counter: counter, isPart: true)
    } else {
      failures.append(Failure(item, flaw, space, call: failedAt))
    }
  }

  /// The items that could not be embedded, when it is sure that it is for them: the service has answered another
  /// call since.
  func provenFailures() async throws(Stop) -> [Failure] {
    let last = failures.map(\.call).max() ?? 0
    if calls.lastSuccess < last { _ = try await probe() }
    return failures
  }

  private func probe() async throws(Stop) -> Int {
    do throws(ProviderFailure) { return try await calls.dimension() } catch { throw .service(error) }
  }

  /// The vectors of items, of each as many as it has pieces.
  private func vectors(
    of items: ArraySlice<EmbeddingItem>
  ) async throws(EmbeddingFlaw) -> [[[Float]]] {
    let texts = items.flatMap(\.pieces)
    var vectors: [[Float]] = []
    for start in stride(from: 0, to: texts.count, by: limit) {
      let part = Array(texts[start..<min(start + limit, texts.count)])
      vectors += try await self.vectors(of: part, isWhole: texts.count <= limit)
    }
    var rest = vectors[...]
    return items.map { item in
      defer { rest = rest.dropFirst(item.pieces.count) }
      return Array(rest.prefix(item.pieces.count))
    }
  }
}

extension EmbeddingBisection {
  /// How often the texts of one call are sent, where others of the same item are paid for already.
  private static let tries = 3

  /// - Parameter isWhole: whether all texts of the items are among these: then nothing is lost by a failure.
  private func vectors(
    of texts: [String], isWhole: Bool
  ) async throws(EmbeddingFlaw) -> [[Float]] {
    var tries = isWhole ? 1 : Self.tries
    while true {
      do throws(EmbeddingFlaw) {
        return try await calls.vectors(of: texts, in: space)
      } catch {
        tries -= 1
        guard tries > 0, error.mayPass, !Task.isCancelled else { throw error }
      }
    }
  }
}

extension EmbeddingFlaw {
  /// Whether the same may succeed at once.
  fileprivate var mayPass: Bool {
    switch self {
    case .failure(let failure):
      failure.mayBeForRequest && !failure.isOutage && failure.disposition != .permanentForRequest
    case .otherDimension: false
    case .vector: true
    }
  }

  /// Whether a shorter text may have a vector.
  fileprivate var isOfLength: Bool {
    if case .failure(let failure) = self { failure.kind == .contextLengthExceeded } else { false }
  }

  fileprivate var retryAfter: Duration? {
    if case .failure(let failure) = self { failure.retryAfter } else { nil }
  }

  /// Why it failed, for a person.
  fileprivate func reason(_ space: EmbeddingSpace) -> String {
    switch self {
    case .failure(let failure): failure.description
    case .otherDimension(let dimension): "The vector has \(dimension) numbers, not \(space.dimension)."
    case .vector(let flaw): flaw
    }
  }
}

extension TextChunker {
  /// Pieces of half the length; `nil` where they are short already.
  fileprivate var halved: TextChunker? {
    limit >= 64 ? TextChunker(limit: limit / 2, overlap: overlap) : nil
  }
}
