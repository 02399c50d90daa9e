#if canImport(Darwin)
  import Darwin
  import Dispatch
  import Synchronization

  extension SystemFileWatcher {
    func watch(_ path: String) throws -> AsyncStream<Void> {
      let descriptor = open(path, O_EVTONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileWatchFailure(path, String(cString: strerror(errno))) }
      let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
      let source = DispatchSource.makeFileSystemObjectSource(
        fileDescriptor: descriptor, eventMask: [.write, .extend, .attrib, .delete, .rename, .revoke],
        queue: DispatchQueue(label: "CompanionSystem.watcher"))
      source.setEventHandler {
        if Self.leads(path, to: descriptor) { continuation.yield() } else { continuation.finish() }
      }
      source.setCancelHandler { close(descriptor) }
      source.activate()
      let held = Held(source)
      continuation.onTermination = { _ in held.cancel() }
      return stream
    }

    private static func leads(_ path: String, to descriptor: Int32) -> Bool {
      var opened = stat()
      var found = stat()
      guard fstat(descriptor, &opened) == 0, stat(path, &found) == 0 else { return false }
      return opened.st_dev == found.st_dev && opened.st_ino == found.st_ino
    }
  }

  /// A source of events until it is cancelled, from whatever thread.
  private final class Held: Sendable {
    private let source: Mutex<any DispatchSourceFileSystemObject>

    init(_ source: sending any DispatchSourceFileSystemObject) { self.source = Mutex(source) }

    func cancel() { source.withLock { $0.cancel() } }
  }
#endif
