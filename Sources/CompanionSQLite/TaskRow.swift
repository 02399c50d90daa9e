import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A task as it stands in its table: whole in the body, and beside it what it is found by.
struct TaskRow: Sendable {
  let id: TaskID
  let revision: Int
  private let createdAt: Timestamp
  private let state: TaskStateName
  private let leaseExpiresAt: Timestamp?
  private let body: Data

  init(_ task: GenerationTask) throws(StoreFailure) {
    id = task.id
    revision = task.revision
    createdAt = task.createdAt
    state = task.state.name
    if case .running(let lease) = task.state {
      leaseExpiresAt = lease.expiresAt
    } else {
      leaseExpiresAt = nil
    }
    body = try Coding.encode(task)
  }

  /// The values of `id, created_at, state, lease_expires_at, revision, body`.
  var values: [SQLiteValue] {
    let expiry: SQLiteValue = if let leaseExpiresAt { .time(leaseExpiresAt) } else { .null }
    return [
      .text(id.rawValue), .time(createdAt), .text(state.rawValue), expiry, .integer(revision), .utf8(body),
    ]
  }

  /// The task of a row that begins with its body.
  static func task(from row: Statement) throws(StoreFailure) -> GenerationTask {
    try Coding.decode(try row.utf8(0))
  }
}
