/// The vectors of something that can be found.
public struct EmbeddedSource: Hashable, Sendable {
  /// What they are of.
  public var source: RecallSource
  /// The hash of the text that they are of; see ``EmbeddingText/hash``.
  public var hash: ContentHash
  /// One for each piece of the text, in their order; at least one.
  public var vectors: [[Float]]

  /// The vectors of a text.
  public init(source: RecallSource, hash: ContentHash, vectors: [[Float]]) {
    self.source = source
    self.hash = hash
    self.vectors = vectors
  }
}

/// That something could not be embedded, and why.
public struct FailedEmbedding: Hashable, Sendable {
  /// What it is about.
  public var source: RecallSource
  /// The hash of the text that could not be embedded; see ``EmbeddingText/hash``.
  public var hash: ContentHash
  /// How often it was tried. Where the service seemed to be down at it, though not at others, that counts once at the
  /// most.
  public var attempts: Int
  /// Why it failed the last time, for a person.
  public var reason: String
  /// When it is tried again; `nil` for what is parked.
  public var retryAt: Timestamp?

  /// A failure of these parts.
  public init(
    source: RecallSource, hash: ContentHash, attempts: Int, reason: String, retryAt: Timestamp?
  ) {
    self.source = source
    self.hash = hash
    self.attempts = attempts
    self.reason = reason
    self.retryAt = retryAt
  }
}
