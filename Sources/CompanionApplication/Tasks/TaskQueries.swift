public import CompanionDomain
package import CompanionPorts

/// Where a task stands, as it is shown to a person.
public struct TaskStatus: Hashable, Sendable {
  /// The task.
  public var task: GenerationTask
  /// How long it has taken so far, or took until it ended.
  public var elapsed: Duration
  /// How far it is, in the words of its handler; `nil` before the first report.
  public var progress: TaskProgress?
}

/// An attempt at a task that failed, or what ended it.
public struct TaskErrorRecord: Hashable, Sendable {
  /// When.
  public var time: Timestamp
  /// Why.
  public var failure: TaskFailure
  /// Whether the task was given up then; otherwise it was tried again.
  public var isFinal: Bool
}

/// What a task has cost, and may still.
public struct TaskCostEstimate: Hashable, Sendable {
  /// The tokens that its calls have used, as far as they were reported; `nil` when none were.
  public var used: TokenUsage?
  /// The tokens that one more attempt takes at least, by the length of its payload; `nil` for a task that has
  /// ended.
  public var expectedInput: Int?
  /// What the used tokens cost; `nil` where they, or the model's price, are not known.
  public var cost: Double?
  /// What one more attempt costs at least; `nil` where the model's price is not known, or the task has ended.
  public var expectedCost: Double?
  /// The currency of both; `nil` where the model's price is not known.
  public var currency: String?
}

/// Questions about tasks.
package struct TaskQueries: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  package func status(of id: TaskID) async throws(TaskCommandFailure) -> TaskStatus {
    let task = try await task(id)
    return TaskStatus(task: task, elapsed: task.elapsed(at: environment.time.now), progress: task.progress)
  }

  package func result(of id: TaskID) async throws(TaskCommandFailure) -> TaskResult {
    switch try await task(id).state {
    case .completed(let result): return result
    case .deadLettered(let letter): throw .failed(letter.failure)
    case .cancelled(let cancellation): throw .cancelled(reason: cancellation.reason)
    case let state: throw .unfinished(state.name)
    }
  }

  /// All events of a task, in order.
  package func history(of id: TaskID) async throws(TaskCommandFailure) -> [TaskEvent] {
    _ = try await task(id)
    var history: [TaskEvent] = []
    var cursor = EventCursor.start
    do throws(StoreFailure) {
      while true {
        let page = try await environment.store.taskEvents(after: cursor, of: id, limit: Self.page)
        history += page.map(\.event)
        guard page.count == Self.page, let last = page.last else { return history }
        cursor = last.cursor
      }
    } catch {
      throw .store(error)
    }
  }

  package func errors(of id: TaskID) async throws(TaskCommandFailure) -> [TaskErrorRecord] {
    try await history(of: id).compactMap { event in
      switch event.kind {
      case .retried(let failure, _): TaskErrorRecord(time: event.time, failure: failure, isFinal: false)
      case .deadLettered(let failure): TaskErrorRecord(time: event.time, failure: failure, isFinal: true)
      default: nil
      }
    }
  }

  package func cost(of id: TaskID) async throws(TaskCommandFailure) -> TaskCostEstimate {
    let task = try await task(id)
    let expected = task.state.isFinal ? nil : Self.roughTokens(of: task.request.payload.json)
    return TaskCostEstimate(
      used: task.usage, expectedInput: expected, cost: nil, expectedCost: nil, currency: nil)
  }

  private static let page = 500

  private func task(_ id: TaskID) async throws(TaskCommandFailure) -> GenerationTask {
    do throws(StoreFailure) {
      guard let task = try await environment.store.task(id) else { throw StoreFailure.conflict(.noSuchTask) }
      return task
    } catch {
      if case .conflict(.noSuchTask) = error { throw .unknownTask(id) }
      throw .store(error)
    }
  }

  /// A rule of thumb: four ASCII characters to a token, one for any other character.
  private static func roughTokens(of text: String) -> Int {
    let ascii = text.unicodeScalars.count { $0.isASCII }
    return (ascii + 3) / 4 + text.unicodeScalars.count - ascii
  }
}
