import CompanionDomain
import CompanionPorts

/// How a task is read from its rows.
///
/// Every claim and every result reads or writes one, so the columns are plain values: only what is rare,
/// notes of the host or a failure, is JSON.
enum TaskRow {
  /// What reads whole tasks begins like this. A task without its request is damage, and not left out.
  static let select = """
    SELECT t.key, t.id, t.kind, t.session, t.turn, t.requester, t.priority, t.idempotency_key, t.deadline, \
    t.created_at, t.state, t.queued_since, t.not_before, t.worker, t.started_at, t.expires_at, \
    t.attempt_deadline, t.wait_kind, t.wait_text, t.waiting_since, t.waiting_until, t.outcome, t.failure, \
    t.needs_person, t.ended_at, t.lease, t.failed_attempts, t.rescues, t.requeues, t.cancel_request, \
    t.has_progress, t.fraction, t.note, t.checkpoint, t.input, t.input_tokens, t.output_tokens, \
    t.cached_tokens, t.reasoning_tokens, t.revision, t.last_event, r.payload_version, r.payload, r.metadata, \
    r.not_before FROM tasks t LEFT JOIN task_requests r ON r.task = t.key
    """

  /// The task of a row of ``select``.
  static func task(from row: Statement) throws(StoreFailure) -> GenerationTask {
    GenerationTask(
      id: try row.value(1),
      request: try request(from: row),
      createdAt: try row.time(9),
      state: try state(from: row),
      lease: LeaseNumber(rawValue: try row.counter(25)),
      failedAttempts: Int(clamping: try row.counter(26)),
      rescues: Int(clamping: try row.counter(27)),
      requeues: Int(clamping: try row.counter(28)),
      cancelRequest: try row.optionalText(29),
      progress: try row.flag(30) ? try row.progress(31) : nil,
      input: try row.optionalText(34).map(TaskInput.init(stored:)),
      usage: try usage(from: row),
      revision: try row.counter(39),
      lastEvent: try row.counter(40))
  }

  private static func request(from row: Statement) throws(StoreFailure) -> TaskRequest {
    let metadata: [String: String] = row.isNull(43) ? [:] : try Coding.decode(try row.utf8(43))
    return TaskRequest(
      kind: try row.value(2),
      payload: TaskPayload(json: try row.text(42), version: Int(clamping: try row.integer(41))),
      requester: try requester(from: row),
      priority: GenerationTask.Priority(rawValue: Int(clamping: try row.integer(6))),
      metadata: metadata,
      idempotencyKey: try row.optionalText(7),
      notBefore: try row.optionalTime(44),
      deadline: try row.optionalTime(8))
  }

  private static func requester(from row: Statement) throws(StoreFailure) -> TaskRequester {
    switch (row.isNull(3), row.isNull(5)) {
    case (false, true): return .conversation(try row.value(3), try row.value(4))
    case (true, false): return .named(try row.value(5))
    default: throw .corrupt("nobody, or two, asked for a stored task")
    }
  }

  private static func state(from row: Statement) throws(StoreFailure) -> TaskState {
    let name: TaskStateName = try row.value(10)
    return switch name {
    case .queued:
      .queued(TaskQueueing(since: try row.time(11), notBefore: try row.optionalTime(12)))
    case .running:
      .running(
        TaskLease(
          worker: try row.value(13), queuedSince: try row.time(11), startedAt: try row.time(14),
          expiresAt: try row.time(15), deadline: try row.optionalTime(16)))
    case .waiting:
      .waiting(
        TaskWait(
          reason: try row.waitReason(17, text: 18), since: try row.time(19),
          until: try row.optionalTime(20)))
    case .completed: .completed(TaskResult(text: try row.text(21), finishedAt: try row.time(24)))
    case .cancelled:
      .cancelled(TaskCancellation(reason: try row.text(21), cancelledAt: try row.time(24)))
    case .deadLettered:
      .deadLettered(
        DeadLetter(
          failure: try Coding.decode(try row.utf8(22)), failedAt: try row.time(24),
          needsPerson: try row.flag(23)))
    }
  }

  private static func usage(from row: Statement) throws(StoreFailure) -> TokenUsage? {
    guard let input = try row.optionalInteger(35), let output = try row.optionalInteger(36) else {
      return nil
    }
    return TokenUsage(
      input: input, output: output, cachedInput: try row.optionalInteger(37),
      reasoning: try row.optionalInteger(38))
  }
}

extension Statement {
  /// The progress in three columns from this one on.
  func progress(_ column: Int32) throws(StoreFailure) -> TaskProgress {
    TaskProgress(
      fraction: try optionalReal(column), note: try optionalText(column + 1),
      checkpoint: try optionalText(column + 2))
  }

  func waitReason(_ column: Int32, text: Int32) throws(StoreFailure) -> WaitReason {
    let text = try self.text(text)
    switch try value(column) as WaitKind {
    case .approval: return .approval(text)
    case .answer: return .answer(text)
    case .providerJob: return .providerJob(text)
    case .provider: return .provider(text)
    }
  }
}

/// The stored name of a ``WaitReason``.
enum WaitKind: String {
  case approval, answer, providerJob, provider

  static func columns(of reason: WaitReason) -> (WaitKind, String) {
    switch reason {
    case .approval(let text): (.approval, text)
    case .answer(let text): (.answer, text)
    case .providerJob(let text): (.providerJob, text)
    case .provider(let text): (.provider, text)
    }
  }
}
