import CompanionKit
import CompanionTesting

/// What a task of a crash run is to do: little, in one of the ways in which handlers differ.
struct CrashWork: Codable {
  enum Manner: String, Codable {
    /// Takes its time, and is done.
    case plain
    /// Fails the first time.
    case failing
    /// Stores a checkpoint and waits, and is done when it goes on.
    case waiting
    /// Takes several times as long, in two halves.
    case slow
  }

  var manner: Manner
  var milliseconds: Int

  /// Work that the bits choose.
  init(bits: UInt64) {
    manner =
      switch bits % 16 {
      case 0..<9: .plain
      case 9..<12: .failing
      case 12..<15: .waiting
      default: .slow
      }
    milliseconds = 2 + Int((bits >> 8) % 28)
  }

  /// A request for it.
  func request(key: String? = nil) throws -> TaskRequest {
    TaskRequest(
      kind: .crash, payload: try TaskPayload(self),
      requester: .named(RequesterID(validated: ValidatedIdentifier(0))), idempotencyKey: key)
  }
}

extension TaskKind {
  /// The tasks of a crash run.
  static let crash: TaskKind = "crash"
}

/// Does the tasks of a crash run.
struct CrashWorkHandler: TaskHandler {
  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let work = try attempt.payload.decode(CrashWork.self)
    let time = Duration.milliseconds(work.milliseconds)
    try await Task.sleep(for: time)
    switch work.manner {
    case .plain: break
    case .failing:
      if attempt.number == 1 { throw TaskFailure.handler("the first attempt fails", isPermanent: false) }
    case .waiting:
      guard attempt.checkpoint == nil else { break }
      try await attempt.report(TaskProgress(fraction: 0.5, checkpoint: "half"))
      return .waiting(.providerJob("job"), limit: time)
    case .slow:
      if attempt.checkpoint == nil {
        try await Task.sleep(for: time)
        try await attempt.report(TaskProgress(fraction: 0.5, checkpoint: "half"))
      }
      try await Task.sleep(for: time)
    }
    return .done("done under lease \(attempt.task.lease.rawValue)")
  }
}
