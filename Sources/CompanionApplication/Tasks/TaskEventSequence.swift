package import CompanionDomain
public import CompanionPorts

/// The events of tasks as they are stored, of all processes, from a place on.
///
/// It waits for what is still to come, and ends when the waiting task is cancelled; for a single task, after
/// the event that ends it. Whoever keeps the cursor of the last event goes on from there after a restart.
public struct TaskEventSequence: AsyncSequence, Sendable {
  /// An event, and its place.
  public typealias Element = RecordedTaskEvent
  /// Why the store could not be read. Another iteration goes on from the last cursor.
  public typealias Failure = StoreFailure

  let environment: Environment
  let task: TaskID?
  let start: EventCursor

  package init(environment: Environment, task: TaskID? = nil, after start: EventCursor) {
    self.environment = environment
    self.task = task
    self.start = start
  }

  /// An iteration from the start.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(environment: environment, task: task, cursor: start)
  }

  /// Takes the events, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let environment: Environment
    let task: TaskID?
    var cursor: EventCursor
    private var page: ArraySlice<RecordedTaskEvent> = []
    private var hasEnded = false

    init(environment: Environment, task: TaskID?, cursor: EventCursor) {
      self.environment = environment
      self.task = task
      self.cursor = cursor
    }

    /// The next event; see ``next()``.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(StoreFailure) -> RecordedTaskEvent? {
      try await next()
    }

    /// The next event; `nil` when there will be none.
    public mutating func next() async throws(StoreFailure) -> RecordedTaskEvent? {
      while !hasEnded, !Task.isCancelled {
        if let next = page.popFirst() {
          cursor = next.cursor
          hasEnded = task != nil && next.event.kind.endsTask
          return next
        }
        // Subscribed before the look, so that nothing falls between the two.
        let changes = environment.store.taskChanges()
        page = try await environment.store.taskEvents(after: cursor, of: task, limit: 100)[...]
        if page.isEmpty { await Self.wait(for: changes, environment) }
      }
      return nil
    }

    /// Waits for a change. One that nobody tells of is found after the interval of sweeps.
    private static func wait(for changes: AsyncStream<Void>, _ environment: Environment) async {
      let deadline = environment.time.now.advanced(by: environment.configuration.tasks.sweepInterval)
      await withTaskGroup { group in
        group.addTask {
          // A store that was closed tells nothing more; the next look says so.
          for await _ in changes { return }
        }
        group.addTask { try? await environment.time.sleep(until: deadline, tolerance: nil) }
        await group.next()
        group.cancelAll()
      }
    }
  }
}

extension TaskEvent.Kind {
  fileprivate var endsTask: Bool {
    switch self {
    case .completed, .cancelled, .deadLettered: true
    default: false
    }
  }
}
