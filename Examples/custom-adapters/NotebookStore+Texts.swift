import CompanionKit

extension NotebookStore {
  /// Goes through all texts, and counts the query's terms in each of them.
  func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) -> TextCandidates<RecallSource> {
    let partitions = Set(
      filter.searchedKinds.flatMap { kind in scopes.map { TextDocument<RecallSource>.partition(kind, in: $0) }
      })
    // The messages of a session are in the order of their places.
    let texts = notes.texts.filter { $0.scope.map(partitions.contains) ?? false }
    let counts = texts.map { TermCounts(of: $0, for: query) }
    func areNeighbours(_ left: Int, _ right: Int) -> Bool {
      texts.indices.contains(left) && texts.indices.contains(right) && texts[left].session != nil
        && texts[left].session == texts[right].session && texts[left].scope == texts[right].scope
    }

    var sessions: [TermCounts] = []
    let sessionOfText = texts.indices.map { index -> Int? in
      guard texts[index].session != nil else { return nil }
      if areNeighbours(index - 1, index), let last = sessions.indices.last {
        sessions[last] = sessions[last] + counts[index]
      } else {
        sessions.append(counts[index])
      }
      return sessions.count - 1
    }

    let statistics = TermStatistics(of: counts, for: query)
    let scores = counts.map { $0.score(for: query, statistics) }
    let records = records(of: Set(texts.map(\.id)))
    let accepted = Set(texts.indices.filter { records[texts[$0].id].map(filter.accepts) ?? false })
    let best = texts.indices.filter { accepted.contains($0) && scores[$0] > 0 }
      .sorted { scores[$0] > scores[$1] }
      .prefix(max(1, limit))
    var chosen = Set(best)
    for index in best { chosen.formUnion([index - 1, index + 1].filter { areNeighbours(index, $0) }) }
    let found = chosen.intersection(accepted).sorted()
    let named = Array(Set(found.compactMap { sessionOfText[$0] })).sorted()
    return TextCandidates(
      ids: found.map { texts[$0].id },
      matches: TextMatches(
        candidates: found.map { index in
          guard let session = sessionOfText[index] else { return TextCandidate(document: counts[index]) }
          let window = [index - 1, index + 1].filter { areNeighbours(index, $0) }
            .reduce(counts[index]) { $0 + counts[$1] }
          return TextCandidate(
            document: counts[index], window: window, session: named.firstIndex(of: session))
        },
        sessions: named.map { sessions[$0] }, documentStatistics: statistics,
        sessionStatistics: TermStatistics(of: sessions, for: query)))
  }
}

extension NotebookStore {
  func records(of sources: Set<RecallSource>) -> [RecallSource: RecallRecord] {
    var records: [RecallSource: RecallRecord] = [:]
    for source in sources {
      switch source {
      case .message(let id, let sequence):
        guard let session = notes.sessions[id] else { continue }
        let message = notes.messages[id]?.first { $0.sequence == sequence }
        records[source] = message.map { .message($0, in: session) }
      case .memory(let key): records[source] = memory(key).map { .memory($0) }
      case .fact(let id): records[source] = fact(id).map { .fact($0) }
      case .document(let id): records[source] = document(id).map { .document($0) }
      }
    }
    return records
  }
}

extension TermCounts {
  fileprivate init(of text: TextDocument<RecallSource>, for query: TextQuery) {
    let terms = text.terms
    self.init(frequencies: query.terms.map { term in terms.count { $0 == term.text } }, length: terms.count)
  }

  /// How well a text fits by itself: BM25. What is found is ranked by the companion.
  fileprivate func score(for query: TextQuery, _ statistics: TermStatistics) -> Double {
    let norm = 0.6 + 0.4 * Double(length) / max(1, statistics.averageLength)
    return zip(query.terms.indices, statistics.inverseDocumentFrequencies).reduce(0) { sum, term in
      let (frequency, query) = (Double(frequencies[term.0]), query.terms[term.0])
      return sum + query.weight * term.1 * frequency / (frequency + 0.9 * norm)
    }
  }
}

extension TermStatistics {
  fileprivate init(of counts: [TermCounts], for query: TextQuery) {
    self.init(
      documents: counts.count, totalLength: counts.reduce(0) { $0 + $1.length },
      documentFrequencies: query.terms.indices.map { term in counts.count { $0.frequencies[term] > 0 } })
  }
}
