/// What a program says at its end.
package enum Status: Int32, Sendable {
  case done = 0
  case failed = 1
  case misused = 2
  case interrupted = 130
  case terminated = 143

  package init(_ interruption: Terminal.Interruption) {
    self = interruption == .interrupted ? .interrupted : .terminated
  }
}

/// Runs a body until it ends, or a signal ends the program.
package func untilInterrupted(
  _ body: @escaping @Sendable () async throws -> Status
) async throws -> Status {
  let interruptions = Terminal.interruptions()
  return try await withThrowingTaskGroup(of: Status?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      for await interruption in interruptions { return Status(interruption) }
      return nil
    }
    let status = try await group.next() ?? nil
    group.cancelAll()
    // What has begun ends first: nothing half-done is stored.
    while (try? await group.next()) != nil {}
    if status == .interrupted || status == .terminated {
      Terminal.tell("Stopped. What is stored stays, and the next run goes on.")
    }
    return status ?? .failed
  }
}
