#if canImport(Darwin)
  import Darwin
  import Dispatch

  extension SystemFileWatcher {
    func watch(_ path: String) throws -> AsyncStream<Void> {
      let descriptor = open(path, O_EVTONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileWatchFailure(path, String(cString: strerror(errno))) }
      let make: FileWatch.MakeSource = { queue in
        DispatchSource.makeFileSystemObjectSource(
          fileDescriptor: descriptor, eventMask: [.write, .extend, .attrib, .delete, .rename, .revoke],
          queue: queue)
      }
      return FileWatch.stream(of: make, atEnd: { close(descriptor) }) {
        Self.leads(path, to: descriptor) ? .changed : .gone
      }
    }

    private static func leads(_ path: String, to descriptor: Int32) -> Bool {
      var opened = stat()
      var found = stat()
      guard fstat(descriptor, &opened) == 0, stat(path, &found) == 0 else { return false }
      return opened.st_dev == found.st_dev && opened.st_ino == found.st_ino
    }
  }
#endif
