import CompanionDomain
import CompanionPorts

/// Which documents of a partition a filter accepts, by what is stored of them; each is looked up once.
struct TextFilter {
  private let filter: RecallFilter
  private let kind: RecallSource.Kind
  private let file: Connection
  private var known: [Int32: Bool] = [:]
  private let partition: String
  /// At least all that are accepted, where they were looked up.
  private(set) var few: Set<Int32>?

  private static let time = SQL("SELECT time FROM messages WHERE session = ? AND sequence = ?")
  private static let sources: [RecallSource.Kind: SQL] = [
    .memory: source(of: "memories"), .fact: source(of: "facts"), .document: source(of: "documents"),
  ]
  private static let numbers: [RecallSource.Kind: SQL] = [
    .message: number("messages", "session = embedding_sources.owner AND sequence = place"),
    .memory: number("memories", "memories.key = embedding_sources.owner"),
    .fact: number("facts", "facts.key = embedding_sources.owner"),
    .document: number("documents", "documents.key = embedding_sources.owner"),
  ]

  private static func source(of table: String) -> SQL {
    SQL(
      """
      SELECT \(SourceRow.columns) FROM embedding_sources WHERE key = (SELECT embedding FROM \(table) WHERE key = ?)
      """)
  }

  private static func number(_ table: String, _ match: String) -> SQL {
    SQL("SELECT document FROM embedding_sources JOIN \(table) ON \(match) WHERE embedding_sources.key = ?")
  }

  /// - Parameters:
  ///   - kind: of what is in the partition.
  ///   - name: the partition's.
  init(_ filter: RecallFilter, of kind: RecallSource.Kind, in name: String, _ file: Connection) {
    self.filter = filter
    self.kind = kind
    self.file = file
    partition = name
  }

  /// Whether each document is accepted.
  var acceptsAll: Bool { !filter.restrictsRecords }

  /// Whether nothing else is asked than what chose the few.
  private var isOneCondition: Bool { filter.metadata.count + (filter.times == nil ? 0 : 1) == 1 }

  mutating func accepts(_ number: Int32, _ names: inout SourceNames) throws(StoreFailure) -> Bool {
    if acceptsAll { return true }
    if let few {
      guard few.contains(number) else { return false }
      if isOneCondition { return true }
    }
    if let known = known[number] { return known }
    let accepts = try looksUp(try names.entry(number))
    known[number] = accepts
    return accepts
  }

  /// What is found by its words is a source to be embedded, too, which has what filters look at.
  private func looksUp(_ entry: DocumentBlocks.Entry) throws(StoreFailure) -> Bool {
    guard let sql = Self.sources[kind] else {
      let place: [SQLiteValue] = [.integer(entry.session), .integer(entry.position)]
      let time = try file.row(Self.time, place) { row throws(StoreFailure) in try row.time(0) }
      guard let time else { throw IndexReader.damage }
      return filter.accepts(kind, from: time, with: [:])
    }
    let source = try file.row(sql, [.integer(entry.position)]) { row throws(StoreFailure) in
      try SourceRow(row)
    }
    // There is none where another version of this library has written the file.
    return try source.map { source throws(StoreFailure) in try file.accepts(source, filter) } ?? false
  }

  /// Looks up which documents are accepted, where that is worth it.
  ///
  /// - Parameter limit: what more would cost more than to ask for the best documents one by one.
  mutating func lookUpFew(limit: Int) throws(StoreFailure) {
    guard few == nil, !acceptsAll, let sql = Self.numbers[kind] else { return }
    guard let group = try file.embeddingPartition(partition) else { return }
    let sources = try file.acceptedSources(matching: filter, in: [group], limit: limit)
    guard let sources else { return }
    var numbers: Set<Int32> = []
    for source in sources {
      let number = try file.row(sql, [.integer(source)]) { row throws(StoreFailure) in
        try row.documentNumber(0)
      }
      if let number, let number { numbers.insert(number) }
    }
    few = numbers
  }
}
