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
  /// What is known of the cost of its calls, by currency, from the ledger.
  public var costs: [String: Double]
  /// How many of its calls cost an amount that is not known: it is not in `costs`.
  public var callsOfUnknownCost: Int
  /// The tokens that one more attempt takes at least, by the length of its payload; `nil` for a task that has
  /// ended.
  public var expectedInput: Int?
  /// What one more attempt costs at least, at the provider that is asked first; `nil` where its price is not
  /// known, or the task has ended.
  public var expectedCost: Cost?
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
    let calls: LedgerTotals
    do throws(StoreFailure) {
      try await environment.router.ledger.flush()
      let totals = try await environment.store.ledgerTotals(matching: LedgerFilter(task: id))
      calls = totals.values.reduce(into: LedgerTotals()) { $0.add($1) }
    } catch {
      throw .store(error)
    }
    let expected =
      task.state.isFinal
      ? nil : environment.router.counter.tokens(in: task.request.payload.json)
    let price = environment.router.first(for: task.request.kind == .imageGeneration ? .image : .text)?.price
    return TaskCostEstimate(
      used: task.usage ?? calls.usage, costs: calls.costs, callsOfUnknownCost: calls.callsOfUnknownCost,
      expectedInput: expected,
      expectedCost: expected.flatMap { tokens in
        price.map { Cost(amount: $0.cost(of: TokenUsage(input: tokens, output: 0)), currency: $0.currency) }
      })
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
}
