import CompanionDomain
import CompanionPorts

/// A source as it stands in its table.
struct SourceRow: Sendable {
  let key: Int64
  let place: EmbeddingWriter.Place
  let partition: Int64
  let hash: ContentHash
  let time: Timestamp

  static let columns = "key, kind, owner, place, partition, hash, time"
  private static let selection = SQL("SELECT \(columns) FROM embedding_sources WHERE key = ?")

  init(_ row: Statement) throws(StoreFailure) {
    key = try row.integer(0)
    place = EmbeddingWriter.Place(
      kind: try Self.kind(try row.integer(1)), owner: try row.integer(2), place: try row.counter(3))
    partition = try row.integer(4)
    hash = try ContentHash(bytes: try row.bytes(5))
    time = try row.time(6)
  }

  static func find(_ key: Int64, _ file: Connection) throws(StoreFailure) -> SourceRow? {
    try file.row(selection, [.integer(key)]) { row throws(StoreFailure) in try SourceRow(row) }
  }

  static func number(of kind: RecallSource.Kind) -> Int {
    switch kind {
    case .message: 0
    case .memory: 1
    case .fact: 2
    case .document: 3
    }
  }

  private static func kind(_ number: Int64) throws(StoreFailure) -> RecallSource.Kind {
    switch number {
    case 0: .message
    case 1: .memory
    case 2: .fact
    case 3: .document
    default: throw .corrupt("a source to be embedded is of no kind")
    }
  }
}

extension ContentHash {
  /// The 16 bytes, the lowest first.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(fixed: UInt64(truncatingIfNeeded: rawValue), bytes: 8)
    bytes.append(fixed: UInt64(truncatingIfNeeded: rawValue >> 64), bytes: 8)
    return bytes
  }

  fileprivate init(bytes: [UInt8]) throws(StoreFailure) {
    guard bytes.count == 16 else { throw VectorBlock.damage }
    self.init(
      rawValue: UInt128(bytes.fixed(at: 8, bytes: 8)) << 64 | UInt128(bytes.fixed(at: 0, bytes: 8)))
  }
}
