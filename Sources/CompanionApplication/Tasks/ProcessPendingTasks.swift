import CompanionDomain
import CompanionPorts

/// The worker pool: claims tasks, and works on them side by side.
///
/// It sleeps until it is woken, a task is due, or the time has come to look for what nobody has told of.
struct ProcessPendingTasks: Sendable {
  let engine: TaskEngine
  let wakeUp: WakeUp

  private var environment: Environment { engine.environment }
  private var configuration: TaskConfiguration { environment.configuration.tasks }
  private var time: any TimeSource { environment.time }

  /// Works until the engine stops, and then for a grace period on what is in hand. Cancellation gives
  /// everything back at once.
  func run() async {
    await withDiscardingTaskGroup { group in
      var retry = Backoff(first: .seconds(1), cap: .seconds(60))
      while !engine.isStopping, !Task.isCancelled {
        let free = max(0, configuration.workers - engine.runningCount)
        let pause: Duration?
        do throws(StoreFailure) {
          if free > 0 {
            let claimed = try await engine.claim(worker: engine.worker, limit: free)
            for run in claimed.runs { begin(run, in: &group) }
            pause = min(configuration.sweepInterval, claimed.nextDue ?? configuration.sweepInterval)
          } else {
            // Only the end of a run can make room, and it wakes.
            pause = nil
          }
          retry = Backoff(first: .seconds(1), cap: .seconds(60))
        } catch {
          environment.events.emit(.serviceFailed("workers", error))
          pause = retry.next()
        }
        await wakeUp.wait(until: pause.map { time.now.advanced(by: $0) }, on: time)
      }
      await waitForRunning()
      group.cancelAll()
    }
  }

  private func begin(_ run: TaskEngine.Run, in group: inout DiscardingTaskGroup) {
    group.addTask { _ = await engine.work(on: run) }
  }

  private func waitForRunning() async {
    await withTaskGroup { group in
      group.addTask {
        while !Task.isCancelled, engine.runningCount > 0 { await wakeUp.wait(until: nil, on: time) }
      }
      // One sleep for the whole grace: a clock that is set meanwhile makes it no longer.
      group.addTask {
        try? await time.sleep(until: time.now.advanced(by: configuration.shutdownGrace), tolerance: nil)
      }
      await group.next()
      group.cancelAll()
    }
  }
}
