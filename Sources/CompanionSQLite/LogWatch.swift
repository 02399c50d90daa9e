import CompanionPorts

/// Looks whenever the write-ahead log was touched, by whatever process.
final class LogWatch: Sendable {
  /// How much later than at once a process that writes itself may learn of what others write.
  private static let pause = Duration.milliseconds(2)

  private let task: Task<Void, Never>

  /// - Parameters:
  ///   - path: the log, which must be there.
  ///   - look: is called after each change of the log, one call after the other; it says whether this process
  ///     is writing, so that the next look can wait.
  /// - Throws: ``StoreFailure/inaccessible(_:)`` when the log cannot be watched.
  init(
    _ path: String, _ watcher: any FileWatcher, look: @escaping @Sendable () async -> Bool
  ) throws(StoreFailure) {
    let first: AsyncStream<Void>
    do { first = try watcher.changes(of: path) } catch {
      throw .inaccessible("\(path) cannot be watched: \(error)")
    }
    task = Task {
      var changes = first
      while !Task.isCancelled {
        for await _ in changes where await look() {
          // Most changes are this process's own then, and each of its transactions looks as well.
          try? await Task.sleep(for: Self.pause)
        }
        // The log is another file now, or gone with the last connection of all processes. What happened
        // before the new one is watched is found by looking once more.
        guard !Task.isCancelled, let next = try? watcher.changes(of: path) else { break }
        changes = next
        _ = await look()
      }
    }
  }

  /// Stops looking.
  func end() { task.cancel() }
}
