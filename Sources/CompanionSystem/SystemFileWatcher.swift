public import CompanionPorts

/// Watches files by the means of the system: inotify on Linux, a kernel queue on Apple's.
public struct SystemFileWatcher: FileWatcher {
  /// The system's means; it has no state of its own.
  public init() {}

  /// Says that a file was written, or its times were set; see ``FileWatcher/changes(of:)``.
  ///
  /// - Throws: ``FileWatchFailure``.
  public func changes(of path: String) throws -> AsyncStream<Void> { try watch(path) }
}

extension FileWatcher where Self == SystemFileWatcher {
  /// The means of the system.
  public static var system: SystemFileWatcher { SystemFileWatcher() }
}

/// Why a file cannot be watched.
public struct FileWatchFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What happened, and what to do.
  public let description: String

  init(_ path: String, _ description: String) { self.description = "\(path): \(description)" }
}
