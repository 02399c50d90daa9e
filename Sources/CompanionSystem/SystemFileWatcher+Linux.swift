#if canImport(Glibc) || canImport(Musl)
  import Dispatch

  #if canImport(Glibc)
    import Glibc
  #else
    import Musl
  #endif

  extension SystemFileWatcher {
    private static let modified: UInt32 = 0x0000_0002
    private static let attributes: UInt32 = 0x0000_0004
    private static let deleted: UInt32 = 0x0000_0400
    private static let moved: UInt32 = 0x0000_0800
    private static let unmounted: UInt32 = 0x0000_2000
    private static let watchEnded: UInt32 = 0x0000_8000

    func watch(_ path: String) throws -> AsyncStream<Void> {
      let descriptor = inotify_init1(O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileWatchFailure(path, Self.reason(errno)) }
      let mask = Self.modified | Self.attributes | Self.deleted | Self.moved
      guard inotify_add_watch(descriptor, path, mask) >= 0 else {
        let reason = Self.reason(errno)
        close(descriptor)
        throw FileWatchFailure(path, reason)
      }
      let file = FileIdentity(path)
      let make: FileWatch.MakeSource = { queue in
        DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
      }
      return FileWatch.stream(of: make, atEnd: { close(descriptor) }) {
        let seen = Self.drain(descriptor)
        guard seen != 0 else { return .nothing }
        // Of a file that is removed while somebody has it open, only the change of its attributes is told.
        let isGone = seen & (Self.deleted | Self.moved | Self.unmounted | Self.watchEnded) != 0
        return isGone || file == nil || FileIdentity(path) != file ? .gone : .changed
      }
    }

    /// Reads all events.
    ///
    /// - Returns: what they say, together.
    private static func drain(_ descriptor: Int32) -> UInt32 {
      var seen: UInt32 = 0
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return seen }
        // An event is four numbers, the watch, what happened, a cookie, the length of a name, and that name.
        var offset = 0
        buffer.withUnsafeBytes { bytes in
          while offset + 16 <= count {
            seen |= bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
            offset += 16 + Int(bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
          }
        }
      }
    }

    private static func reason(_ code: Int32) -> String {
      switch code {
      case EMFILE, ENFILE:
        "no more files can be watched; raise fs.inotify.max_user_instances or the limit of open files"
      case ENOSPC: "no more files can be watched; raise fs.inotify.max_user_watches"
      default: String(cString: strerror(code))
      }
    }
  }

  /// Which file a path leads to.
  private struct FileIdentity: Equatable {
    let device: dev_t
    let number: ino_t

    /// `nil` where there is none.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, number) = (status.st_dev, status.st_ino)
    }
  }
#endif
