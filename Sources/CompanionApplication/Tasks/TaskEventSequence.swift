package import CompanionDomain
public import CompanionPorts

/// The events of tasks as they are stored, of all processes, from a place on.
///
/// It waits for what is still to come, and ends when the waiting task is cancelled; for a single task, when
/// that has ended and all of its events have been given. Whoever keeps the cursor of the last event goes on from
/// there after a restart.
public struct TaskEventSequence: AsyncSequence, Sendable {
  /// An event, and its place.
  public typealias Element = RecordedTaskEvent
  /// Why the store could not be read; `conflict(.noSuchTask)` when there is no such task, or no more. Another
  /// iteration goes on from the last cursor.
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
      while !Task.isCancelled {
        if let next = page.popFirst() {
          cursor = next.cursor
          return next
        }
        // Subscribed before the look, so that nothing falls between the two.
        let changes = environment.store.taskChanges()
        try await turnPage()
        guard page.isEmpty else { continue }
        if try await hasEnded() {
          // What came between the two looks is still to be given.
          try await turnPage()
          guard !page.isEmpty else { return nil }
        } else {
          await Self.wait(for: changes, environment)
        }
      }
      return nil
    }

    private mutating func turnPage() async throws(StoreFailure) {
      page = try await environment.store.taskEvents(after: cursor, of: task, limit: 100)[...]
    }

    /// Whether nothing more happens to the only task that is followed.
    private func hasEnded() async throws(StoreFailure) -> Bool {
      guard let task else { return false }
      guard let found = try await environment.store.task(task) else { throw .conflict(.noSuchTask) }
      return found.state.isFinal
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
