import CompanionPorts

/// One part of the text index: what is of one kind and in one scope.
struct TextPartition: Sendable {
  let key: Int64
  /// How many documents there are.
  var documents = 0
  /// How many terms all of them have together.
  var length = 0
  /// How many sessions they are of.
  var sessions = 0
  /// How many numbers were given for documents that have been removed.
  var free = 0
  /// How many documents are in the tail.
  var tail = 0

  /// All numbers of documents are below.
  var capacity: Int { documents + free }
  /// How many terms its sessions have together. A partition is of one kind, whose documents are all in
  /// sessions, or none.
  var lengthOfSessions: Int { sessions > 0 ? length : 0 }

  private static let selection = SQL(
    "SELECT key, documents, length, sessions, free, tail FROM text_partitions WHERE name = ?")
  private static let insertion = SQL(
    "INSERT INTO text_partitions (name, documents, length, sessions, free, tail) VALUES (?, 0, 0, 0, 0, 0)")
  private static let update = SQL(
    """
    UPDATE text_partitions SET documents = ?, length = ?, sessions = ?, free = ?, tail = ? WHERE key = ?
    """)
  private static let removal = SQL("DELETE FROM text_partitions WHERE key = ?")
  private static let forgetting = SQL("DELETE FROM text_free_numbers WHERE key BETWEEN ? AND ?")

  /// The partition of a name; `nil` where nothing is in it.
  static func find(_ name: String, _ file: Connection) throws(StoreFailure) -> TextPartition? {
    try file.row(selection, [.text(name)]) { row throws(StoreFailure) in
      var partition = TextPartition(key: try row.counter(0))
      partition.documents = try row.count(1)
      partition.length = try row.count(2)
      partition.sessions = try row.count(3)
      partition.free = try row.count(4)
      partition.tail = try row.count(5)
      guard partition.key <= Int64(Int32.max), partition.capacity < Int(Int32.max),
        partition.sessions <= partition.documents, partition.length <= partition.documents * Int(Int32.max)
      else {
        throw IndexReader.damage
      }
      return partition
    }
  }

  static func findOrMake(_ name: String, _ file: Connection) throws(StoreFailure) -> TextPartition {
    if let partition = try find(name, file) { return partition }
    try file.run(insertion, [.text(name)])
    return TextPartition(key: file.lastInsertedKey)
  }

  /// Writes the numbers; what is empty goes, because its name may tell of somebody.
  func store(_ file: Connection) throws(StoreFailure) {
    guard documents > 0 else {
      try file.run(Self.forgetting, keys)
      try file.run(Self.removal, [.integer(key)])
      return
    }
    try file.run(
      Self.update,
      [
        .integer(documents), .integer(length), .integer(sessions), .integer(free), .integer(tail),
        .integer(key),
      ])
  }

  /// The key of what belongs to a document.
  func key(of number: Int32) -> Int64 { key << 32 | Int64(number) }

  /// The lowest and the highest key of its documents.
  var keys: [SQLiteValue] { [.integer(key << 32), .integer(key << 32 | Int64(UInt32.max))] }

  func number(of key: Int64) throws(StoreFailure) -> Int32 {
    let number = key & Int64(UInt32.max)
    guard number < Int64(capacity) else { throw IndexReader.damage }
    return Int32(number)
  }
}

extension TextPartition {
  private static let popping = SQL(
    """
    DELETE FROM text_free_numbers WHERE key =
      (SELECT key FROM text_free_numbers WHERE key BETWEEN ? AND ? ORDER BY key LIMIT 1) RETURNING key
    """)
  private static let pushing = SQL("INSERT INTO text_free_numbers (key) VALUES (?)")

  /// A number for a new document.
  mutating func takeNumber(_ file: Connection) throws(StoreFailure) -> Int32 {
    guard capacity < Int(Int32.max) - 1 else { throw .invalid("the text index of a scope is full") }
    defer { documents += 1 }
    guard free > 0 else { return Int32(capacity) }
    let popped = try file.row(Self.popping, keys) { row throws(StoreFailure) in try row.integer(0) }
    guard let key = popped else { throw IndexReader.damage }
    let number = try number(of: key)
    free -= 1
    return number
  }

  /// Gives the number of a document back.
  mutating func giveBack(_ number: Int32, _ file: Connection) throws(StoreFailure) {
    try file.run(Self.pushing, [.integer(key(of: number))])
    documents -= 1
    free += 1
  }
}

extension Statement {
  /// A number of things.
  fileprivate func count(_ column: Int32) throws(StoreFailure) -> Int { Int(clamping: try counter(column)) }
}
