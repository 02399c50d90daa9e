import CompanionDomain
package import CompanionPorts

/// Reviews dead letters: takes back those whose failure may pass, a bounded number of times, and leaves the
/// others to a person. Removes what ended long ago.
package struct ProcessDeadLetters: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }
  private var configuration: TaskConfiguration { environment.configuration.tasks }

  /// Reviews once.
  ///
  /// - Returns: how many dead letters were taken back, left to a person, and how many tasks were removed.
  package func callAsFunction() async throws(StoreFailure) -> (requeued: Int, left: Int, pruned: Int) {
    let apply = ApplyTransition(environment: environment)
    var (requeued, left) = (0, 0)
    var failure: StoreFailure?
    var filter = TaskFilter(states: [.deadLettered])
    while !Task.isCancelled {
      let page = try await environment.store.tasks(matching: filter, limit: Self.batch)
      for task in page {
        guard case .deadLettered(let letter) = task.state, !letter.needsPerson else { continue }
        let policy = engine.registry.retryPolicy(for: task.request.kind)
        let mayPass = letter.failure.mayPass && task.requeues < configuration.automaticRequeues
        let transition: TaskTransition =
          mayPass
          ? .requeue(
            reason: "The failure may have passed.",
            // Not all of them at once.
            delay: RetryPolicy.jittered(policy.cap, bits: environment.random.nextBits()),
            limit: configuration.automaticRequeues)
          : .leaveToPerson
        do throws(StoreFailure) {
          guard case .applied = try await apply(transition, to: task.id) else { continue }
        } catch {
          failure = error
          continue
        }
        if mayPass { requeued += 1 } else { left += 1 }
      }
      filter.after = page.last?.id
      guard page.count == Self.batch else { break }
    }
    if requeued > 0 { engine.wake() }
    if let failure { throw failure }
    return (requeued, left, try await prune())
  }

  /// Reviews soon, for a process that does not live long, and then at intervals, until it is cancelled.
  func run(on wakeUp: WakeUp) async {
    var pause = RetryPolicy.jittered(
      min(.seconds(60), configuration.reviewInterval), bits: environment.random.nextBits())
    while !Task.isCancelled {
      let next = environment.time.now.advanced(by: pause)
      pause = configuration.reviewInterval
      await wakeUp.wait(until: next, on: environment.time)
      guard !Task.isCancelled else { return }
      do throws(StoreFailure) {
        _ = try await callAsFunction()
      } catch {
        environment.events.emit(.serviceFailed("dead letters", error))
      }
    }
  }

  private static let batch = 200

  private func prune() async throws(StoreFailure) -> Int {
    var pruned = 0
    while !Task.isCancelled {
      let removed = try await environment.store.pruneTasks(
        finishedFor: configuration.retention, deadFor: configuration.deadLetterRetention, limit: Self.batch)
      pruned += removed
      guard removed == Self.batch else { break }
    }
    if pruned > 0 { environment.events.emit(.tasksPruned(pruned)) }
    return pruned
  }
}
