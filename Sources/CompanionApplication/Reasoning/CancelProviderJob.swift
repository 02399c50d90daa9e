import CompanionDomain
import CompanionPorts

/// Stops a job at a provider. Where that does not succeed soon, a background task goes on trying, in this process
/// or the next. It may be stored before, together with what makes the job superfluous.
struct CancelProviderJob: Sendable {
  let environment: Environment

  private static let attempts = 5
  private static let longestPause = Duration.seconds(5)
  /// How long the direct tries have the field to themselves. It ends before a shutdown stops waiting.
  private static let patience = Duration.seconds(1)
  /// How long the background task leaves it to the direct tries.
  static let delay = Duration.seconds(30)

  /// Waits for the direct tries, not for the background task.
  func callAsFunction(_ job: ProviderJobID, at provider: ProviderID) async {
    let order = ProviderJobCancel(provider: provider, job: job)
    guard background(of: provider) != nil else {
      // It may be configured in the next process.
      await askForTask(order, in: .zero)
      return
    }
    await withTaskGroup(of: Bool?.self) { group in
      group.addTask { await tries(order) }
      group.addTask {
        try? await pause(Self.patience)
        return nil
      }
      switch await group.next() ?? nil {
      case true?: await withdraw(order)
      case false?: await askForTask(order, in: .zero)
      case nil:
        // They take long, or the process stops and may not see their end.
        await askForTask(order, in: Self.delay)
        if await group.next() == true { await withdraw(order) }
      }
      group.cancelAll()
    }
  }

  /// Waits out what the provider asks to wait, up to the longest pause: the job costs as long as it runs.
  ///
  /// - Returns: whether there is nothing left to stop.
  private func tries(_ order: ProviderJobCancel) async -> Bool {
    var pause = Backoff(first: .milliseconds(200), cap: Self.longestPause)
    for attempt in 1...Self.attempts {
      do throws(ProviderFailure) {
        // It may have got another configuration since the last try.
        guard let background = background(of: order.provider) else { return false }
        try await background.cancel(order.job)
        return true
      } catch {
        guard !error.isOfMissingJob else { return true }
        let mayPass = error.disposition == .transient || error.disposition == .ambiguous
        guard mayPass, attempt < Self.attempts else { return false }
        let asked = min(error.retryAfter ?? .zero, Self.longestPause)
        guard (try? await self.pause(max(pause.next(), asked))) != nil else { return false }
      }
    }
    return false
  }

  private func background(of provider: ProviderID) -> (any BackgroundLanguageModel)? {
    environment.router.services(of: provider)?.background
  }

  private func pause(_ duration: Duration) async throws {
    let end = environment.time.now.advanced(by: duration)
    try await environment.time.sleep(until: end, tolerance: nil)
  }

  // MARK: The background task

  /// Stores that the job is to be stopped, unless that is stored already.
  private func askForTask(_ order: ProviderJobCancel, in delay: Duration) async {
    guard let task = order.task(in: delay, environment) else { return }
    await Unstructured.shielded { [environment] in
      environment.announcements.hold([task.id])
      defer { environment.announcements.release([task.id]) }
      var pause = Backoff(first: .milliseconds(100), cap: .seconds(2))
      for _ in 1...Self.attempts {
        do throws(StoreFailure) {
          for change in try await environment.store.commit(.insertTask(task)) { environment.announce(change) }
          return
        } catch {
          switch error {
          // It has been asked for before, or nothing can be stored any more.
          case .conflict, .invalid, .closed: return
          default: environment.events.emit(.serviceFailed("cancel", error))
          }
        }
        let next = environment.time.now.advanced(by: pause.next())
        guard (try? await environment.time.sleep(until: next, tolerance: nil)) != nil else { return }
      }
    }
  }

  /// Takes back what the direct tries have done, whoever has stored it. Doing it twice does no harm, and where it
  /// is not done the task finds nothing to stop.
  private func withdraw(_ order: ProviderJobCancel) async {
    await Unstructured.shielded { [environment] in
      guard let task = try? await environment.store.task(idempotencyKey: order.key),
        task.request.kind == .providerJobCancel, !task.state.isFinal
      else { return }
      _ = try? await ApplyTransition(environment: environment)(
        .cancel(reason: "The job does not run any more."), to: task.id)
    }
  }
}

extension ProviderFailure {
  /// Whether the provider does not know the job that it was asked after, or asked to stop.
  var isOfMissingJob: Bool { kind == .invalidRequest && (status == 404 || status == 410) }
}
