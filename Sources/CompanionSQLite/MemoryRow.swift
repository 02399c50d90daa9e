import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// How memories are written to their rows, and found by what stands there.
enum MemoryRow {
  static let select = "SELECT record FROM memories"

  static func memory(from row: Statement) throws(StoreFailure) -> MemoryRecord {
    try Coding.decode(try row.utf8(0))
  }

  /// The columns by which a memory is named.
  static func columns(of key: MemoryKey) -> [SQLiteValue] {
    [.text(key.scope.description), .integer(number(of: key.kind))]
  }

  /// The key of a row of a scope and a kind.
  static func key(from row: Statement) throws(StoreFailure) -> MemoryKey {
    guard let scope = MemoryScope(try row.text(0)) else { throw .corrupt("a stored memory is of no scope") }
    let kind: MemoryKind = try row.flag(1) ? .longTerm : .shortTerm
    return MemoryKey(scope, kind)
  }

  /// In their order.
  static func number(of kind: MemoryKind) -> Int {
    switch kind {
    case .shortTerm: 0
    case .longTerm: 1
    }
  }
}

/// A list of names as one JSON text, for statements that ask whether a value is among them.
enum NameList {
  static func value(_ names: some Sequence<String>) throws(StoreFailure) -> SQLiteValue {
    .utf8(try Coding.encode(names.sorted()))
  }
}
