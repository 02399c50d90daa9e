/// Says when files change.
public protocol FileWatcher: Sendable {
  /// Says that a file was written, or its times were set, by whatever process; what comes while the consumer
  /// is busy counts as one. It ends when the file goes away, or when the consumer lets go.
  ///
  /// - Parameter path: the file, which must be there.
  /// - Throws: why the file cannot be watched.
  func changes(of path: String) throws -> AsyncStream<Void>
}
