/// The one place where tasks start that no caller's scope holds.
///
/// Everything else here is structured: it ends before the call that began it returns. Eight things
/// cannot be, and only they may come here:
///
/// - a service that `start()` hosts until `stop()`, because it outlives the call;
/// - a final write that must be made although the task that wants it has been cancelled;
/// - a wait for whether a message is stored, by whoever sends it and has been cancelled;
/// - a call that hands work over to a provider, which nobody can stop there before its name has come back;
/// - a hedged call that has lost: whoever has an answer does not wait for its end;
/// - a call of a host's store, which nobody may wait for longer than a limit;
/// - a host's handler of tasks, which may not stop when it is told to, and then holds up nobody but its worker;
/// - a conformance check, which has to end even when what it checks does not.
package enum Unstructured {
  /// Where unstructured tasks run; `nil` for the default executor.
  ///
  /// An unstructured task does not inherit its creator's executor preference, but it does inherit
  /// task-locals. A simulator sets this one, so that nothing leaves its thread.
  @TaskLocal package static var executor: (any TaskExecutor)?

  /// Starts a task that runs on when its creator ends or is cancelled.
  ///
  /// Whoever calls this owns the task: it cancels it, and waits for it unless it may take for ever.
  package static func start<Success: Sendable>(
    name: String? = nil, _ operation: @escaping @Sendable () async -> Success
  ) -> Task<Success, Never> {
    Task(name: name, executorPreference: executor) { await operation() }
  }

  /// Runs an operation to its end, even when the calling task is or becomes cancelled.
  ///
  /// The operation never sees the caller's cancellation, so it has to end by itself; the caller waits for it
  /// either way.
  ///
  /// - Returns: the operation's value.
  /// - Throws: the operation's error.
  package static func shielded<Success: Sendable, Failure: Error>(
    _ operation: @escaping @Sendable () async throws(Failure) -> Success
  ) async throws(Failure) -> Success {
    let task = start { () -> Result<Success, Failure> in
      do throws(Failure) { return .success(try await operation()) } catch { return .failure(error) }
    }
    return try await task.value.get()
  }
}
