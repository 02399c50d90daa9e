import CompanionDomain
import CompanionPorts

/// Something that waits to be embedded, without its secrets, and cut into the pieces that a model takes.
struct EmbeddingItem: Sendable {
  /// What is embedded of what. The hash is that of the text as it is stored, which the store knows: what a host masks
  /// may change.
  struct ID: Hashable, Sendable {
    var source: RecallSource
    var hash: ContentHash
  }

  let id: ID
  /// The whole of it: what is left of a secret that is cut could not be told as one.
  private let masked: String
  /// How often it has failed.
  let attempts: Int
  let pieces: [String]

  /// - Returns: `nil` for what has nothing to embed.
  init?(_ work: EmbeddingWork, masking: MaskSecrets, by chunker: TextChunker, counter: any TokenCounter) {
    guard let text = EmbeddingText(work.record) else { return nil }
    self.init(
      ID(source: text.source, hash: text.hash), masking.forEmbedding(text.text), attempts: work.attempts,
      by: chunker, counter: counter)
  }

  private init(
    _ id: ID, _ masked: String, attempts: Int, by chunker: TextChunker, counter: any TokenCounter
  ) {
    self.id = id
    self.masked = masked
    self.attempts = attempts
    // No token is shorter than a byte: what is short need not be counted.
    pieces =
      masked.utf8.count <= chunker.limit
      ? [masked] : chunker.pieces(of: masked) { counter.tokens(in: $0) }.map(String.init)
  }

  /// The same in shorter pieces.
  func cut(by chunker: TextChunker, counter: any TokenCounter) -> EmbeddingItem {
    EmbeddingItem(id, masked, attempts: attempts, by: chunker, counter: counter)
  }
}
