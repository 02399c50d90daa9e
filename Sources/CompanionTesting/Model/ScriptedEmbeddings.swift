public import CompanionDomain
public import CompanionPorts
import Synchronization

/// An embedding service without a model, for tests: the same text has the same vector, everywhere and always, and
/// different texts have different ones, which say nothing of what they mean.
public final class ScriptedEmbeddings: EmbeddingService {
  /// What a call comes to.
  ///
  /// - Parameters:
  ///   - texts: what it is given.
  ///   - number: its place among the calls, from 1.
  /// - Returns: the vectors; `nil` for the right ones.
  public typealias Script =
    @Sendable (_ texts: [String], _ number: Int) async throws(ProviderFailure) -> [[Float]]?

  /// The model's name.
  public let identity: ModelIdentity
  /// The most texts that one call takes.
  public let maximumBatch: Int
  /// How near vectors are.
  public let metric: VectorMetric
  /// How many numbers a vector has.
  public let dimension: Int
  private let script: Script
  private let told = Mutex<[[String]]>([])

  /// - Parameters:
  ///   - model: the model's name.
  ///   - dimension: how many numbers a vector has; at least 1.
  ///   - maximumBatch: the most texts that one call takes.
  ///   - metric: how near vectors are.
  ///   - script: what calls come to; the right vectors, unless given.
  public init(
    model: String = "scripted", dimension: Int = 8, maximumBatch: Int = 2_048,
    metric: VectorMetric = .cosine, script: @escaping Script = { _, _ in nil }
  ) {
    identity = ModelIdentity(provider: "test", model: model)
    self.dimension = max(1, dimension)
    self.maximumBatch = max(1, maximumBatch)
    self.metric = metric
    self.script = script
  }

  /// What each call was given, in their order.
  public var calls: [[String]] { told.withLock { $0 } }

  /// The right vector of a text.
  public func vector(of text: String) -> [Float] { Self.vector(of: text, dimension: dimension) }

  /// The right vector of a text, with so many numbers from -1 to 1.
  public static func vector(of text: String, dimension: Int) -> [Float] {
    let hash = ContentHash(of: text).rawValue
    var numbers = SplitMix64(seed: UInt64(truncatingIfNeeded: hash >> 64 ^ hash))
    return (0..<dimension).map { _ in Float(numbers.next() >> 40) / Float(1 << 23) - 1 }
  }

  /// The vectors that the script gives.
  public func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    guard !texts.isEmpty else { return EmbeddingResponse(vectors: []) }
    guard texts.count <= maximumBatch else {
      throw ProviderFailure(
        .invalidRequest, message: "\(texts.count) texts are more than the \(maximumBatch) of one call")
    }
    let number = told.withLock { told in
      told.append(texts)
      return told.count
    }
    let vectors = try await script(texts, number) ?? texts.map { vector(of: $0) }
    let tokens = texts.reduce(0) { $0 + $1.utf8.count / 4 + 1 }
    return EmbeddingResponse(vectors: vectors, usage: TokenUsage(input: tokens, output: 0))
  }
}
