import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A message as it stands in its table.
struct MessageRow: Sendable {
  let sequence: SequenceNumber
  let time: Timestamp
  private let turn: TurnID
  private let role: ChatMessage.Role
  private let parts: Data
  private let completion: ChatMessage.Completion
  private let origin: ChatMessage.Origin
  private let speaker: UserID?
  private let isReminded: Bool
  /// The message, for the index.
  let message: ChatMessage

  init(_ message: ChatMessage) throws(StoreFailure) {
    sequence = message.sequence
    time = message.time
    turn = message.turn
    role = message.role
    parts = try Coding.encode(message.parts)
    completion = message.completion
    origin = message.origin
    speaker = message.speaker
    isReminded = message.isReminded
    self.message = message
  }

  /// The columns in the order in which ``message(from:)`` has them; a new message has not got the last two.
  static let columns = "\(newColumns), change, changed_at"
  /// The columns in the order in which ``values(session:)`` has them.
  static let newColumns =
    "sequence, turn, role, parts, time, interruption, origin, origin_task, speaker, is_reminded"

  /// The values are those of ``values(session:)``, the message's number in the text index, and the key of what is
  /// embedded of it.
  static let insert = SQL(
    """
    INSERT INTO messages (session, \(newColumns), document, embedding)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """)

  func values(session: Int64) -> [SQLiteValue] {
    let (kind, task) = OriginKind.columns(of: origin)
    let interruption: SQLiteValue =
      if case .interrupted(let reason) = completion { .text(reason.rawValue) } else { .null }
    return [
      .integer(session), .integer(sequence.rawValue), .text(turn.rawValue), .text(role.rawValue),
      .utf8(parts), .time(time), interruption, .text(kind.rawValue), .optional(task?.rawValue),
      .optional(speaker?.rawValue), .integer(isReminded ? 1 : 0),
    ]
  }

  static func message(from row: Statement) throws(StoreFailure) -> ChatMessage {
    let change: ChatMessage.Change? =
      switch try row.optionalText(10) {
      case nil: nil
      case "edited": .edited(try row.time(11))
      case "deleted": .deleted(try row.time(11))
      default: throw .corrupt("a stored message was changed in a way that is not known")
      }
    return ChatMessage(
      sequence: SequenceNumber(rawValue: try row.counter(0)),
      turn: try row.value(1),
      role: try row.value(2),
      parts: try MessageParts.read(row, 3),
      time: try row.time(4),
      completion: row.isNull(5) ? .complete : .interrupted(try row.value(5)),
      origin: try OriginKind.origin(try row.value(6), task: row.isNull(7) ? nil : try row.value(7)),
      speaker: row.isNull(8) ? nil : try row.value(8), change: change, isReminded: try row.flag(9))
  }
}

/// The parts of a message in their column, which are JSON.
private enum MessageParts {
  // What a single text stands between, which nearly all messages are.
  private static let head = "[{\"text\":\""
  private static let tail = "\",\"type\":\"text\"}]"

  static func read(_ row: Statement, _ column: Int32) throws(StoreFailure) -> [MessagePart] {
    let json = try row.text(column)
    if let text = plainText(in: json) { return [.text(text)] }
    return try Coding.decode(try row.utf8(column))
  }

  /// The text of JSON that is a single one without escapes; `nil` for any other JSON.
  private static func plainText(in json: String) -> String? {
    let bytes = json.utf8
    guard bytes.count >= head.utf8.count + tail.utf8.count, bytes.starts(with: head.utf8),
      bytes.suffix(tail.utf8.count).elementsEqual(tail.utf8)
    else {
      return nil
    }
    let text = bytes.dropFirst(head.utf8.count).dropLast(tail.utf8.count)
    let isPlain = text.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    return isPlain ? String(Substring(text)) : nil
  }
}

extension ChatMessage.Change {
  /// What stands in the columns of a message's row.
  var columns: [SQLiteValue] {
    switch self {
    case .edited(let time): [.text("edited"), .time(time)]
    case .deleted(let time): [.text("deleted"), .time(time)]
    }
  }
}

/// The stored name of a ``ChatMessage/Origin``.
private enum OriginKind: String {
  case person, model, announcement, task, repair

  static func columns(of origin: ChatMessage.Origin) -> (OriginKind, TaskID?) {
    switch origin {
    case .person: (.person, nil)
    case .model: (.model, nil)
    case .announcement(let task): (.announcement, task)
    case .task(let task): (.task, task)
    case .repair: (.repair, nil)
    }
  }

  static func origin(_ kind: OriginKind, task: TaskID?) throws(StoreFailure) -> ChatMessage.Origin {
    switch (kind, task) {
    case (.person, nil): return .person
    case (.model, nil): return .model
    case (.announcement, let task?): return .announcement(of: task)
    case (.task, let task?): return .task(task)
    case (.repair, nil): return .repair
    default: throw .corrupt("the origin of a stored message contradicts itself")
    }
  }
}

extension Statement {
  /// A text that stands for a value, such as an identifier or the case of an enumeration.
  func value<Value: RawRepresentable>(
    _ column: Int32
  ) throws(StoreFailure) -> Value where Value.RawValue == String {
    guard let value = Value(rawValue: try text(column)) else {
      throw .corrupt("column \(column) of a row is no \(Value.self)")
    }
    return value
  }
}
