package import CompanionDomain
package import CompanionPorts

/// Asks for tasks. Each is stored when its name is returned.
///
/// The same idempotency key gives the same task: who does not know whether a request was stored asks again.
package struct CreateGenerationTask: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }

  /// Asks for one task.
  package func callAsFunction(_ request: TaskRequest) async throws(TaskCommandFailure) -> TaskID {
    let ids = try await self([request])
    guard let id = ids.first else { throw .invalidRequest("there is none") }
    return id
  }

  /// Asks for several tasks, all of them or none.
  ///
  /// - Returns: their names, in the order of the requests. Requests under the same key have the same one.
  package func callAsFunction(_ requests: [TaskRequest]) async throws(TaskCommandFailure) -> [TaskID] {
    let now = environment.time.now
    for _ in 1...Self.attempts {
      let (tasks, ids) = try await tasks(for: requests, at: now)
      guard !tasks.isEmpty else { return ids }
      environment.announcements.hold(tasks.map(\.id))
      defer { environment.announcements.release(tasks.map(\.id)) }
      do throws(StoreFailure) {
        for change in try await environment.store.commit(ChangeSet(tasks.map { .insertTask($0) })) {
          environment.announce(change)
        }
      } catch {
        // Somebody else was there first, under one of the keys: look again.
        if case .conflict(.keyTaken) = error { continue }
        throw .store(error)
      }
      engine.wake()
      return ids
    }
    throw .store(.conflict(.taskExists))
  }

  /// Each conflict means that somebody else has got on.
  private static let attempts = 100

  /// The tasks that are not there yet, and the names of all.
  private func tasks(
    for requests: [TaskRequest], at now: Timestamp
  ) async throws(TaskCommandFailure) -> (new: [GenerationTask], ids: [TaskID]) {
    var new: [GenerationTask] = []
    var ids: [TaskID] = []
    // Keys are the same when their bytes are.
    var known: [[UInt8]: (TaskID, TaskRequest)] = [:]
    for request in requests {
      if let key = request.idempotencyKey {
        try check(key)
        let bytes = Array(key.utf8)
        if known[bytes] == nil, let found = try await task(under: key) {
          known[bytes] = (found.id, found.request)
        }
        // Whoever asks again gets the task, whatever has become of its time meanwhile.
        if let (id, earlier) = known[bytes] {
          guard earlier.isSameWish(as: request) else { throw .keyReused(key, id) }
          ids.append(id)
          continue
        }
      }
      try check(request, at: now)
      let task = GenerationTask(id: environment.identifiers.next(), request: request, createdAt: now)
      if let key = request.idempotencyKey { known[Array(key.utf8)] = (task.id, request) }
      new.append(task)
      ids.append(task.id)
    }
    return (new, ids)
  }

  private func task(under key: String) async throws(TaskCommandFailure) -> GenerationTask? {
    do throws(StoreFailure) {
      return try await environment.store.task(idempotencyKey: key)
    } catch {
      throw .store(error)
    }
  }

  // MARK: What may be asked for

  private func check(_ request: TaskRequest, at now: Timestamp) throws(TaskCommandFailure) {
    guard let registration = engine.registry.registration(for: request.kind) else {
      throw .unknownKind(request.kind)
    }
    let limit = environment.configuration.tasks.maximumPayloadBytes
    let bytes = request.payload.json.utf8.count
    guard bytes <= limit else { throw .oversizedPayload(bytes: bytes, limit: limit) }
    guard (1...max(1, registration.payloadVersion)).contains(request.payload.version) else {
      throw .unknownVersion(request.payload.version, newest: registration.payloadVersion)
    }
    let metadata = request.metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard metadata <= Self.maximumMetadataBytes else {
      throw .invalidRequest("its metadata have \(metadata) bytes; \(Self.maximumMetadataBytes) are allowed")
    }
    if let deadline = request.deadline, deadline <= max(now, request.notBefore ?? now) {
      throw .pastDeadline(deadline)
    }
  }

  private func check(_ key: String) throws(TaskCommandFailure) {
    let bytes = key.utf8.count
    guard (1...Self.maximumKeyBytes).contains(bytes), !key.utf8.contains(0) else {
      throw .invalidRequest(
        "its idempotency key has \(bytes) bytes; 1 to \(Self.maximumKeyBytes) without NUL are allowed")
    }
  }

  private static let maximumKeyBytes = 512
  private static let maximumMetadataBytes = 16_384
}

extension TaskRequest {
  /// Whether another request asks for the same: what it is to do, and for whom. Asked again it may have
  /// another time or another note.
  fileprivate func isSameWish(as other: TaskRequest) -> Bool {
    kind == other.kind && payload == other.payload && requester == other.requester
  }
}
