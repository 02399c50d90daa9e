/// Names one approval: the task that needs it, and which one of its approvals it is.
public struct ApprovalID: Hashable, Comparable, Sendable, Codable, LosslessStringConvertible {
  /// The task that waits for it.
  public let task: TaskID
  /// Its number among those of the task, from 0 to 999,999.
  public let number: Int

  /// The approval of a task with this number.
  public init(task: TaskID, number: Int) {
    self.task = task
    self.number = min(max(number, 0), 999_999)
  }

  /// Reads `TASK-NUMBER`; `nil` for anything else.
  public init?(_ description: String) {
    guard let dash = description.lastIndex(of: "-"),
      let task = TaskID(String(description[..<dash])),
      case let digits = description[description.index(after: dash)...],
      (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(digits)
    else { return nil }
    self.init(task: task, number: number)
  }

  /// `TASK-NUMBER`.
  public var description: String { "\(task)-\(number)" }

  /// By the task, and by the number.
  public static func < (left: ApprovalID, right: ApprovalID) -> Bool {
    (left.task, left.number) < (right.task, right.number)
  }

  /// Decodes `TASK-NUMBER`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = ApprovalID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "This names no approval.")
    }
    self = id
  }

  /// Encodes `TASK-NUMBER`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
