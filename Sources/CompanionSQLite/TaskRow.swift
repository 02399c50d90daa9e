import CompanionDomain
import CompanionPorts

/// A task as it stands in its table.
///
/// Every task that a worker claims is read and written within one transaction, so its columns are plain
/// values: only what is rare, a list that is not empty or a failure, is JSON.
struct TaskRow: Sendable {
  let id: TaskID
  let revision: Int
  /// In the order of ``columns``.
  let values: [SQLiteValue]

  static let columns = """
    id, session, turn, created_at, instruction, action, profile, complexity, confidence, files, entities, \
    secondary, method, state, worker, lease_started_at, lease_expires_at, outcome, finished_at, failure, \
    lease, rescues, cancel_request, revision
    """

  init(_ task: GenerationTask) throws(StoreFailure) {
    let intent = task.request.intent
    id = task.id
    revision = task.revision
    values =
      [
        .text(task.id.rawValue), .text(task.session.rawValue), .text(task.turn.rawValue),
        .time(task.createdAt), .text(task.request.instruction), .text(intent.action.rawValue),
        .text(intent.profile.rawValue), .text(intent.complexity.rawValue), .real(intent.confidence),
        try .list(intent.files), try .list(intent.entities), try .list(intent.secondary),
        .text(intent.method.rawValue), .text(task.state.name.rawValue),
      ] + (try Self.stateValues(task.state)) + [
        .integer(task.lease.rawValue), .integer(task.rescues), .optional(task.cancelRequest),
        .integer(task.revision),
      ]
  }

  /// The task of a row with ``columns``.
  static func task(from row: Statement) throws(StoreFailure) -> GenerationTask {
    GenerationTask(
      id: try row.value(0),
      session: try row.value(1),
      turn: try row.value(2),
      request: GenerationTask.Request(
        instruction: try row.text(4),
        intent: Intent(
          action: try row.value(5), profile: try row.value(6), complexity: try row.value(7),
          confidence: try row.real(8), files: try row.list(9), entities: try row.list(10),
          secondary: try row.list(11), method: try row.value(12))),
      createdAt: try row.time(3),
      state: try state(from: row),
      lease: LeaseNumber(rawValue: try row.counter(20)),
      rescues: Int(try row.counter(21)),
      cancelRequest: try row.optionalText(22),
      revision: Int(try row.counter(23)))
  }

  /// The values of `worker, lease_started_at, lease_expires_at, outcome, finished_at, failure`.
  private static func stateValues(_ state: TaskState) throws(StoreFailure) -> [SQLiteValue] {
    switch state {
    case .queued: [.null, .null, .null, .null, .null, .null]
    case .running(let lease):
      [.text(lease.worker.rawValue), .time(lease.startedAt), .time(lease.expiresAt), .null, .null, .null]
    case .completed(let result): [.null, .null, .null, .text(result.text), .time(result.finishedAt), .null]
    case .cancelled(let reason): [.null, .null, .null, .text(reason), .null, .null]
    case .deadLettered(let failure): [.null, .null, .null, .null, .null, .utf8(try Coding.encode(failure))]
    }
  }

  private static func state(from row: Statement) throws(StoreFailure) -> TaskState {
    let name: TaskStateName = try row.value(13)
    return switch name {
    case .queued: .queued
    case .running:
      .running(
        TaskLease(worker: try row.value(14), startedAt: try row.time(15), expiresAt: try row.time(16)))
    case .completed: .completed(TaskResult(text: try row.text(17), finishedAt: try row.time(18)))
    case .cancelled: .cancelled(reason: try row.text(17))
    case .deadLettered: .deadLettered(try Coding.decode(try row.utf8(19)))
    }
  }
}

extension SQLiteValue {
  /// A list as a JSON array.
  fileprivate static func list(_ elements: [some Encodable]) throws(StoreFailure) -> SQLiteValue {
    elements.isEmpty ? .text("[]") : .utf8(try Coding.encode(elements))
  }
}

extension Statement {
  fileprivate func list<Element: Decodable>(_ column: Int32) throws(StoreFailure) -> [Element] {
    let json = try utf8(column)
    return json.elementsEqual("[]".utf8) ? [] : try Coding.decode(json)
  }
}
