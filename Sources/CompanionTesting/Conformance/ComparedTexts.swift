import CompanionDomain
import CompanionPorts

/// What a text index has to give, by its definition: each document is looked at, and nothing is prepared.
struct ComparedTexts {
  /// A candidate with everything that ranks it.
  private struct Candidate: Equatable {
    var id: RecallSource
    var document: TermCounts
    var window: TermCounts?
    var session: TermCounts?
  }

  private typealias Text = (record: RecallRecord, document: TextDocument<RecallSource>, terms: [String])

  private let texts: [Text]

  /// By their places, so that those of a session come in order.
  init(of records: [RecallRecord]) {
    texts = records.compactMap { record in
      TextDocument(record).map { (record, $0, $0.terms) }
    }.sorted { left, right in
      (left.document.position, left.document.id) < (right.document.position, right.document.id)
    }
  }

  /// Checks what an index has found: all that fits and the filter accepts, whatever the limit, with its counts, and the
  /// statistics.
  func expect(
    _ found: TextCandidates<RecallSource>, for query: TextQuery, in scopes: Set<MemoryScope>,
    matching filter: RecallFilter
  ) throws {
    let partitions = Set(
      filter.searchedKinds.flatMap { kind in scopes.map { TextDocument<RecallSource>.partition(kind, in: $0) }
      })
    let searched = texts.filter { text in text.document.scope.map(partitions.contains) ?? false }
    let sessions = Dictionary(grouping: searched.filter { $0.document.session != nil }, by: Self.session)
    let what = "for \(query.terms.map(\.text)), matching \(filter)"
    try expectCandidates(found, candidates(of: searched, sessions, for: query, filter), what)
    // Nothing is ranked where no term is.
    guard !query.terms.isEmpty else { return }
    try CompanionTesting.expect(
      found.matches.documentStatistics, Self.statistics(of: searched.map(\.terms), for: query),
      "the statistics of documents \(what)")
    try CompanionTesting.expect(
      found.matches.sessionStatistics,
      Self.statistics(of: sessions.values.map { $0.flatMap(\.terms) }, for: query),
      "the statistics of sessions \(what)")
  }

  private func expectCandidates(
    _ found: TextCandidates<RecallSource>, _ expected: [Candidate], _ what: String
  ) throws {
    let matches = found.matches
    try CompanionTesting.expect(found.ids.count, matches.candidates.count, "the number of names \(what)")
    var sessionNumbers: [String: Int] = [:]
    var candidates: [Candidate] = []
    for (id, candidate) in zip(found.ids, matches.candidates) {
      var session: TermCounts?
      if let number = candidate.session {
        try CompanionTesting.expect(
          matches.sessions.indices.contains(number), "a session for number \(number) \(what)")
        session = matches.sessions[number]
        let name = texts.first { $0.document.id == id }.map(Self.session) ?? ""
        try CompanionTesting.expect(
          sessionNumbers[name, default: number], number, "the number of the session of \(id) \(what)")
        sessionNumbers[name] = number
      }
      candidates.append(
        Candidate(id: id, document: candidate.document, window: candidate.window, session: session))
    }
    try CompanionTesting.expect(
      Set(sessionNumbers.values), Set(matches.sessions.indices), "the sessions of the candidates \(what)")
    try CompanionTesting.expect(
      sessionNumbers.count, matches.sessions.count, "the number of sessions \(what)")
    try CompanionTesting.expect(candidates.sorted { $0.id < $1.id }, expected, "the candidates \(what)")
  }

  private func candidates(
    of searched: [Text], _ sessions: [String: [Text]], for query: TextQuery, _ filter: RecallFilter
  ) -> [Candidate] {
    var candidates: [RecallSource: Candidate] = [:]
    func fits(_ text: Text) -> Bool { filter.accepts(text.record) && Self.fits(text, query) }
    for text in searched where text.document.session == nil && fits(text) {
      candidates[text.document.id] = Candidate(
        id: text.document.id, document: Self.counts(of: text.terms, for: query))
    }
    for session in sessions.values {
      let whole = Self.counts(of: session.flatMap(\.terms), for: query)
      for place in session.indices where filter.accepts(session[place].record) {
        let window = session[max(0, place - 1)...min(session.count - 1, place + 1)]
        // It fits, or is a neighbour of one that does, and neither is rejected.
        guard window.contains(where: fits) else { continue }
        let id = session[place].document.id
        candidates[id] = Candidate(
          id: id, document: Self.counts(of: session[place].terms, for: query),
          window: Self.counts(of: window.flatMap(\.terms), for: query), session: whole)
      }
    }
    return candidates.values.sorted { $0.id < $1.id }
  }

  private static func session(of text: Text) -> String {
    "\(text.document.scope ?? "") \(text.document.session ?? "")"
  }

  private static func fits(_ text: Text, _ query: TextQuery) -> Bool {
    query.terms.contains { text.terms.contains($0.text) }
  }

  private static func counts(of terms: [String], for query: TextQuery) -> TermCounts {
    TermCounts(
      frequencies: query.terms.map { term in terms.count { $0 == term.text } }, length: terms.count)
  }

  private static func statistics(of texts: [[String]], for query: TextQuery) -> TermStatistics {
    TermStatistics(
      documents: texts.count, totalLength: texts.reduce(0) { $0 + $1.count },
      documentFrequencies: query.terms.map { term in texts.count { $0.contains(term.text) } })
  }
}
