import CompanionKit
import ExampleSupport

/// Feeds a file as it grows, and prints what is remembered as it forms.
struct WatchCommand {
  let keeper: Keeper
  let once: Bool

  func run(_ feed: Feed) async throws -> Status {
    var feed = feed
    let report = try await feed.store(in: keeper.store)
    Terminal.tell("\(feed.path): \(report.summary)")
    try await keeper.tellUnknownChannels()
    let isJSON = keeper.options.printsJSON
    let sink: any EventSink = isJSON ? JSONEvents() : FailureTeller()
    let companion = try keeper.makeCompanion(isAutomatic: true, events: sink)
    let events = companion.events(limit: Self.waitingEvents)
    companion.start()
    let stored = feed
    do {
      let status = try await withThrowingTaskGroup(of: Status.self) { group in
        group.addTask { try await show(events) }
        if !once { group.addTask { try await follow(stored) } }
        defer { group.cancelAll() }
        return try await group.next() ?? .failed
      }
      await companion.stop()
      return status
    } catch {
      await companion.stop()
      throw error
    }
  }

  /// A run stores much faster than a terminal shows it.
  private static let waitingEvents = 100_000

  // MARK: What is remembered

  /// Prints what is stored. Returns at the end of the first run, if there shall be one only.
  private func show(_ events: EventStream) async throws -> Status {
    let listing = MemoryListing(keeper: keeper)
    for await event in events {
      guard !Terminal.hasFailed else { return .failed }
      if !keeper.options.printsJSON { try await show(event, listing) }
      guard case .memoryRunEnded(let run) = event.kind else { continue }
      if once { return Status(run) }
    }
    return .done
  }

  private func show(_ event: CompanionEvent, _ listing: MemoryListing) async throws(StoreFailure) {
    switch event.kind {
    case .memoryStored(let key, let version, _):
      // An older version has been replaced meanwhile: the newer one has an event of its own.
      guard let memory = try await keeper.store.memory(key), memory.version == version else { return }
      Terminal.show("\(key.scope.name)\n\(listing.text(of: memory))")
    case .factStored(let id, let scope):
      guard let fact = try await keeper.store.fact(id) else { return }
      Terminal.show("\(scope.name), new fact\n" + (try await listing.text(of: fact)))
    case .factSuperseded(let old, _):
      guard let fact = try await keeper.store.fact(old) else { return }
      Terminal.show("\(fact.scope.name), superseded fact\n" + (try await listing.text(of: fact)))
    case .factRemoved(let id): Terminal.show("a fact is gone, because the words that it quotes are: \(id)")
    case .memoryRunEnded(let run):
      Terminal.show("memory: \(run.summary)\n")
      Terminal.tell(of: run)
    case .eventsDropped(let count): Terminal.tell("\(count) events were not shown; show lists what there is.")
    default: break
    }
  }

  // MARK: The file

  /// Stores what comes into the file, until it is gone or has a line that cannot be read.
  private func follow(_ feed: Feed) async throws -> Status {
    var feed = feed
    while true {
      let changes: AsyncStream<Void>
      do {
        changes = try SystemFileWatcher.system.changes(of: feed.path)
      } catch {
        throw FileProblem(file: feed.path, problem: "it cannot be followed: \(error)")
      }
      // What has come before it was watched; also into another file, where an editor has put one in its place.
      guard try await readOn(&feed) else { return .failed }
      for await _ in changes {
        guard try await readOn(&feed) else { return .failed }
      }
      try Task.checkCancellation()
    }
  }

  private func readOn(_ feed: inout Feed) async throws -> Bool {
    try feed.readOn()
    guard feed.mayBeStored else { return false }
    let report = try await feed.store(in: keeper.store)
    if report.stored + report.edited > 0 { Terminal.tell("\(feed.path): \(report.summary)") }
    return true
  }
}
