import CompanionDomain
import CompanionPorts

/// Which documents of a partition a filter accepts, by what is stored of them; each is looked up once.
struct TextFilter {
  private let filter: RecallFilter
  private let kind: RecallSource.Kind
  private let file: Connection
  private var known: [Int32: Bool] = [:]

  private static let time = SQL("SELECT time FROM messages WHERE session = ? AND sequence = ?")
  private static let sources: [RecallSource.Kind: SQL] = [
    .memory: source(of: "memories"), .fact: source(of: "facts"), .document: source(of: "documents"),
  ]

  private static func source(of table: String) -> SQL {
    SQL(
      """
      SELECT \(SourceRow.columns) FROM embedding_sources WHERE key = (SELECT embedding FROM \(table) WHERE key = ?)
      """)
  }

  /// - Parameter kind: of what is in the partition.
  init(_ filter: RecallFilter, of kind: RecallSource.Kind, _ file: Connection) {
    self.filter = filter
    self.kind = kind
    self.file = file
  }

  /// Whether each document is accepted.
  var acceptsAll: Bool { !filter.restrictsRecords }

  mutating func accepts(_ number: Int32, _ names: inout SourceNames) throws(StoreFailure) -> Bool {
    if acceptsAll { return true }
    if let known = known[number] { return known }
    let accepts = try looksUp(try names.entry(number), &names)
    known[number] = accepts
    return accepts
  }

  private func looksUp(
    _ entry: DocumentBlocks.Entry, _ names: inout SourceNames
  ) throws(StoreFailure) -> Bool {
    guard let sql = Self.sources[kind] else {
      let place: [SQLiteValue] = [.integer(entry.session), .integer(entry.position)]
      let time = try file.row(Self.time, place) { row throws(StoreFailure) in try row.time(0) }
      guard let time else { throw IndexReader.damage }
      return filter.accepts(kind, from: time, with: [:])
    }
    let source = try file.row(sql, [.integer(entry.position)]) { row throws(StoreFailure) in
      try SourceRow(row)
    }
    if let source { return try file.accepts(source, filter) }
    // It has words, and nothing to embed.
    let name = try names.source(of: entry)
    var reader = RecordReader(file)
    try reader.read(name)
    return reader.take(name).map(filter.accepts) ?? false
  }
}
