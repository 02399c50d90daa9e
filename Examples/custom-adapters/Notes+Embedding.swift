import CompanionKit

/// What can be embedded, as it is now.
struct EmbeddableNote {
  var text: EmbeddingText
  /// Its place in the order of changes.
  var place: Int
}

/// An open space.
struct NotedSpace {
  let space: EmbeddingSpace
  var vectors: [RecallSource: [[Float]]] = [:]
  var failures: [RecallSource: FailedEmbedding] = [:]
}

extension Notes {
  /// Applies a change of what is embedded.
  mutating func embed(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .openEmbeddingSpace(let space):
      if !spaces.contains(where: { $0.space == space }) { spaces.append(NotedSpace(space: space)) }
    case .closeEmbeddingSpace(let space): spaces.removeAll { $0.space == space }
    case .putEmbedding(let embedded, let space):
      let number = try number(of: space)
      // Vectors of what has changed meanwhile come too late.
      guard embeddable[embedded.source]?.text.hash == embedded.hash else { return }
      spaces[number].vectors[embedded.source] = embedded.vectors
      spaces[number].failures[embedded.source] = nil
    case .noteFailedEmbedding(let failed, let space):
      let number = try number(of: space)
      guard embeddable[failed.source]?.text.hash == failed.hash, spaces[number].vectors[failed.source] == nil
      else { return }
      spaces[number].failures[failed.source] = failed
    case .retryEmbeddings(let space): spaces[try number(of: space)].failures = [:]
    default: throw .invalid("this notebook does not know the change")
    }
  }

  /// Lets whatever says something else by now, or is somewhere else, wait to be embedded.
  mutating func followTexts() {
    let texts = embeddingTexts
    let current = Dictionary(uniqueKeysWithValues: texts.map { ($0.source, $0) })
    for (source, note) in embeddable where note.text != current[source] {
      embeddable[source] = nil
      for number in spaces.indices {
        spaces[number].vectors[source] = nil
        spaces[number].failures[source] = nil
      }
    }
    let new = texts.filter { embeddable[$0.source] == nil }.sorted { $0.source < $1.source }
    for text in new {
      lastEmbeddable += 1
      embeddable[text.source] = EmbeddableNote(text: text, place: lastEmbeddable)
    }
  }

  /// All that can be embedded; what is embedded of each is the domain's to decide.
  private var embeddingTexts: [EmbeddingText] {
    var records: [RecallRecord] = memories.values.map { .memory($0.memory) }
    records += facts.values.map { .fact($0) } + documents.values.map { .document($0.document) }
    for session in sessions.values {
      records += messages[session.id, default: []].map { .message($0, in: session) }
    }
    return records.compactMap { EmbeddingText($0) }
  }

  private func number(of space: EmbeddingSpace) throws(StoreFailure) -> Int {
    guard let number = spaces.firstIndex(where: { $0.space == space }) else {
      throw .conflict(.noSuchEmbeddingSpace)
    }
    return number
  }
}
