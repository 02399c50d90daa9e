import CompanionDomain
import CompanionPorts

/// An open space as it stands in its table.
struct SpaceRow: Sendable {
  let key: Int64
  let dimension: Int
  /// The number of its next vector.
  var next: Int64
  /// How many vectors are in the tail.
  var tail: Int

  /// Numbers of vectors are below; a key of a vector has that of its space in front.
  static let numbers: Int64 = 1 << 40

  private static let columns = "key, dimension, next, tail"
  private static let selection = SQL(
    "SELECT \(columns) FROM embedding_spaces WHERE provider = ? AND model = ? AND dimension = ?")
  private static let listing = SQL("SELECT \(columns) FROM embedding_spaces ORDER BY key")
  private static let update = SQL("UPDATE embedding_spaces SET next = ?, tail = ? WHERE key = ?")
  private static let insertion = SQL(
    "INSERT INTO embedding_spaces (provider, model, dimension, next, tail) VALUES (?, ?, ?, 0, 0)")
  private static let removal = SQL("DELETE FROM embedding_spaces WHERE key = ?")

  private init(_ row: Statement) throws(StoreFailure) {
    key = try row.counter(0)
    dimension = Int(clamping: try row.counter(1))
    next = try row.counter(2)
    tail = Int(clamping: try row.counter(3))
    guard key <= Int64.max / Self.numbers - 1, next <= Self.numbers, tail <= VectorBlock.mostRows,
      VectorIndex.dimensions.contains(dimension)
    else { throw VectorBlock.damage }
  }

  /// The open space of a name, or `nil`.
  static func find(_ space: EmbeddingSpace, _ file: Connection) throws(StoreFailure) -> SpaceRow? {
    try file.row(selection, name(of: space)) { row throws(StoreFailure) in try SpaceRow(row) }
  }

  /// All that are open.
  static func all(_ file: Connection) throws(StoreFailure) -> [SpaceRow] {
    var spaces: [SpaceRow] = []
    try file.forEachRow(listing) { row throws(StoreFailure) in
      spaces.append(try SpaceRow(row))
      return true
    }
    return spaces
  }

  /// - Returns: the key.
  static func insert(_ space: EmbeddingSpace, _ file: Connection) throws(StoreFailure) -> Int64 {
    try file.run(insertion, name(of: space))
    return file.lastInsertedKey
  }

  func remove(_ file: Connection) throws(StoreFailure) { try file.run(Self.removal, [.integer(key)]) }

  func store(_ file: Connection) throws(StoreFailure) {
    try file.run(Self.update, [.integer(next), .integer(tail), .integer(key)])
  }

  /// The key of a vector, or of a block that begins with it.
  func key(of number: Int64) -> Int64 { key * Self.numbers + number }

  /// The lowest and the highest key of its vectors.
  var keys: [SQLiteValue] { [.integer(key(of: 0)), .integer(key(of: Self.numbers - 1))] }

  private static func name(of space: EmbeddingSpace) -> [SQLiteValue] {
    [.text(space.model.provider), .text(space.model.model), .integer(space.dimension)]
  }
}
