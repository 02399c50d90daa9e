import CompanionApplication
import CompanionDomain
public import CompanionPorts

/// What every `EmbeddingService` promises, for those who write their own.
///
/// The checks embed short texts, a full batch of them once, but 4,096 at most, and some hundred beside; how near
/// vectors are is looked at only as far as to find out whose they are. A service behind an address is best checked against a
/// server of the test's own.
public enum EmbeddingServiceConformance {
  /// All promises.
  public static let checks: [ConformanceCheck<any EmbeddingService>] = [
    ConformanceCheck("A service has a name, and takes a text at least") { try hasANameAndABatch($0) },
    ConformanceCheck("No text has no vector") { try await embedsNothing($0) },
    ConformanceCheck("Each text has a vector, all of the same dimension") { try await embedsEach($0) },
    ConformanceCheck("Vectors are in the order of their texts") { try await keepsTheOrder($0) },
    ConformanceCheck("The same text has the same vector") { try await embedsEqualTextsAlike($0) },
    ConformanceCheck("A full batch is embedded") { try await embedsAFullBatch($0) },
    ConformanceCheck("More than a full batch is refused") { try await refusesMoreThanABatch($0) },
    ConformanceCheck("An empty text is embedded or refused") { try await survivesAnEmptyText($0) },
    ConformanceCheck("A call that is cancelled beforehand ends") {
      try await endsWhenCancelledBeforehand($0)
    },
    ConformanceCheck("A call that is cancelled midway ends") { try await endsWhenCancelledMidway($0) },
    ConformanceCheck("Many calls go on at once") { try await embedsConcurrently($0) },
  ]

  /// Checks all promises, one after another.
  ///
  /// - Parameters:
  ///   - service: the implementation.
  ///   - limit: how long each check may take.
  ///   - time: measures the limit. It has to go on by itself: a real clock, or a simulator's.
  /// - Throws: ``ConformanceReport`` with every broken promise.
  public static func run(
    on service: any EmbeddingService, within limit: Duration = .seconds(60), measuredBy time: any TimeSource
  ) async throws {
    try await ConformanceCheck.run(checks, on: service, within: limit, measuredBy: time)
  }

  /// A batch is tried up to so many texts.
  private static let mostTexts = 4_096

  /// Of several languages, and no two alike.
  private static let texts = [
    "The tomatoes on the balcony are ripe.", "Our train to Edinburgh was late.", "梅雨は七月に終わる。", "我养了两只猫",
    "Der Käse war ausverkauft", "🙂 👨‍👩‍👧", "x", "Two lines,\r\nand a tab\t",
  ]

  /// As many of the texts as a call takes.
  private static func batch(for service: any EmbeddingService) -> [String] {
    Array(texts.prefix(max(1, service.maximumBatch)))
  }

  private static func hasANameAndABatch(_ service: any EmbeddingService) throws {
    guard !service.identity.provider.isEmpty, !service.identity.model.isEmpty else {
      throw BrokenPromise(expected: "a provider and a model", found: "\(service.identity)")
    }
    guard service.maximumBatch > 0 else {
      throw BrokenPromise(expected: "a batch of 1 at least", found: "\(service.maximumBatch)")
    }
  }

  private static func embedsNothing(_ service: any EmbeddingService) async throws {
    let vectors = try await service.embed([]).vectors
    guard vectors.isEmpty else { throw BrokenPromise(expected: "no vector", found: "\(vectors.count)") }
  }

  private static func embedsEach(_ service: any EmbeddingService) async throws {
    let dimension = try await vectors(of: batch(for: service), by: service)[0].count
    for text in texts {
      let other = try await vectors(of: [text], by: service)[0]
      guard other.count == dimension else {
        throw BrokenPromise(expected: "\(dimension) numbers as before", found: "\(other.count)")
      }
      guard other.contains(where: { abs($0) >= VectorIndex.least }) else {
        throw BrokenPromise(expected: "a number that is not 0", found: "nothing but zeros")
      }
    }
  }

  private static func keepsTheOrder(_ service: any EmbeddingService) async throws {
    let texts = batch(for: service)
    var alone: [[Float]] = []
    for text in texts { alone += try await vectors(of: [text], by: service) }
    for order in [Array(texts.indices), texts.indices.reversed()] {
      let together = try await vectors(of: order.map { texts[$0] }, by: service)
      for (vector, place) in zip(together, order) {
        let nearest = alone.indices.max { cosine(alone[$0], vector) < cosine(alone[$1], vector) }
        guard let nearest, cosine(alone[nearest], vector) > cosine(alone[place], vector) else { continue }
        throw BrokenPromise(
          expected: "the vector of “\(texts[place])”", found: "that of “\(texts[nearest])”")
      }
    }
  }

  private static func embedsEqualTextsAlike(_ service: any EmbeddingService) async throws {
    for text in texts {
      let first = try await vectors(of: [text], by: service)[0]
      let second = try await vectors(of: [text], by: service)[0]
      // Servers that compute in batches differ in the last digits.
      guard cosine(first, second) > 0.99 else {
        throw BrokenPromise(expected: "the same vector of “\(text)”", found: "another")
      }
    }
  }

  private static func embedsAFullBatch(_ service: any EmbeddingService) async throws {
    let count = min(service.maximumBatch, mostTexts)
    _ = try await vectors(of: (0..<count).map { "text \($0)" }, by: service)
  }

  private static func refusesMoreThanABatch(_ service: any EmbeddingService) async throws {
    guard service.maximumBatch <= mostTexts else { return }
    let texts = [String](repeating: "text", count: service.maximumBatch + 1)
    do throws(ProviderFailure) {
      _ = try await service.embed(texts)
    } catch {
      guard error.kind == .invalidRequest else {
        throw BrokenPromise(expected: "a failure of kind invalidRequest", found: "\(error.kind)")
      }
      return
    }
    throw BrokenPromise(expected: "a failure of kind invalidRequest", found: "an answer")
  }

  private static func survivesAnEmptyText(_ service: any EmbeddingService) async throws {
    // Either is fine, as long as it comes.
    do { _ = try await vectors(of: [""], by: service) } catch is ProviderFailure {}
  }

  private static func endsWhenCancelledBeforehand(_ service: any EmbeddingService) async throws {
    let call = Unstructured.start { () -> Result<Void, any Error> in
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return await Result {
        try await acceptingCancellation { _ = try await service.embed(batch(for: service)) }
      }
    }
    try await call.value.get()
  }

  private static func endsWhenCancelledMidway(_ service: any EmbeddingService) async throws {
    let call = Unstructured.start {
      await Result { try await acceptingCancellation { _ = try await service.embed(batch(for: service)) } }
    }
    // Lets the call begin; how far it gets does not matter.
    for _ in 0..<10 { await Task.yield() }
    call.cancel()
    try await call.value.get()
  }

  private static func embedsConcurrently(_ service: any EmbeddingService) async throws {
    try await withThrowingTaskGroup { group in
      for place in 0..<32 {
        group.addTask { _ = try await vectors(of: ["text \(place)"], by: service) }
      }
      try await group.waitForAll()
    }
  }

  /// The vectors of texts, checked: one for each, of the same dimension, of finite numbers.
  private static func vectors(of texts: [String], by service: any EmbeddingService) async throws -> [[Float]]
  {
    let vectors = try await service.embed(texts).vectors
    guard vectors.count == texts.count else {
      throw BrokenPromise(expected: "\(texts.count) vectors", found: "\(vectors.count)")
    }
    for vector in vectors {
      guard !vector.isEmpty, vector.count == vectors[0].count else {
        throw BrokenPromise(
          expected: "vectors of one dimension", found: "\(vectors[0].count) and \(vector.count) numbers")
      }
      guard vector.allSatisfy(\.isFinite) else {
        throw BrokenPromise(expected: "finite numbers", found: "one that is not")
      }
    }
    return vectors
  }

  /// How near two vectors are, at most 1; 0 for one of zeros.
  private static func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (left, right) in zip(left, right) {
      product += Double(left) * Double(right)
      first += Double(left) * Double(left)
      second += Double(right) * Double(right)
    }
    return first > 0 && second > 0 ? product / (first * second).squareRoot() : 0
  }
}
