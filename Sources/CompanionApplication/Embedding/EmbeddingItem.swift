import CompanionDomain
import CompanionPorts

/// Something that waits to be embedded, cut into the pieces that a model takes.
struct EmbeddingItem: Sendable {
  /// What is embedded of what.
  struct ID: Hashable, Sendable {
    var source: RecallSource
    var hash: ContentHash
  }

  let id: ID
  let text: EmbeddingText
  /// How often it has failed.
  let attempts: Int
  let pieces: [String]

  /// - Returns: `nil` for what has nothing to embed.
  init?(_ work: EmbeddingWork, by chunker: TextChunker, counter: any TokenCounter) {
    guard let text = EmbeddingText(work.record) else { return nil }
    let id = ID(source: text.source, hash: text.hash)
    self.init(id, text, attempts: work.attempts, by: chunker, counter: counter)
  }

  private init(
    _ id: ID, _ text: EmbeddingText, attempts: Int, by chunker: TextChunker, counter: any TokenCounter
  ) {
    self.id = id
    self.text = text
    self.attempts = attempts
    // No token is shorter than a byte: what is short need not be counted.
    pieces =
      text.text.utf8.count <= chunker.limit
      ? [text.text] : chunker.pieces(of: text.text) { counter.tokens(in: $0) }.map(String.init)
  }

  /// The same in shorter pieces.
  func cut(by chunker: TextChunker, counter: any TokenCounter) -> EmbeddingItem {
    EmbeddingItem(id, text, attempts: attempts, by: chunker, counter: counter)
  }
}
