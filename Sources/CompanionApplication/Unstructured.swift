package enum Unstructured {
  @TaskLocal package static var executor: (any TaskExecutor)?
  package static func start<T: Sendable>(_ operation: @escaping @Sendable () async -> T) -> Task<T, Never> {
    Task(executorPreference: executor) { await operation() }
  }
  package static func shielded<T: Sendable, E: Error>(_ operation: @escaping @Sendable () async throws(E) -> T) async throws(E) -> T {
    try await start { () async -> Result<T, E> in
      do throws(E) { return .success(try await operation()) } catch { return .failure(error) }
    }.value.get()
  }
}
