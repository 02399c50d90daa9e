import CompanionPorts
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What is done to database files beside SQLite.
enum DatabaseFile {
  /// A path that SQLite takes as it stands: it gives a meaning of its own to names such as `:memory:`, and
  /// C ends a name at a NUL.
  static func literal(_ path: String) throws(StoreFailure) -> String {
    guard !path.isEmpty else { throw .invalid("the path of a database cannot be empty") }
    guard !path.utf8.contains(0) else { throw .invalid("the path of a database contains a NUL character") }
    return path.hasPrefix("/") ? path : "./\(path)"
  }

  /// Makes an empty file that only its owner may read, unless there is one.
  ///
  /// SQLite would make one that others may read. Its log files take over the rights of this one.
  static func createIfMissing(_ path: String) throws(StoreFailure) {
    // Closing any descriptor of a file drops all locks that this process has on it. This one is of a file
    // that has just come to be, and no store of this process gets past here before it is closed.
    try creating.withLock { _ throws(StoreFailure) in
      let descriptor = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        guard errno != EEXIST else { return }
        throw StoreFailure(errno: errno, doing: "creating \(path)")
      }
      close(descriptor)
    }
  }

  private static let creating = Mutex(())

  /// An empty file with a new name beside `path`, which only its owner may read.
  static func temporary(beside path: String) throws(StoreFailure) -> String {
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "creating a file beside \(path)") }
    close(descriptor)
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Gives a finished file its name, at once and for good, unless the name is taken.
  static func publish(_ temporary: String, as path: String) throws(StoreFailure) {
    // A rename would silently replace a file of that name; a link refuses to.
    guard unsafe link(temporary, path) == 0 else {
      throw StoreFailure(errno: errno, doing: "creating \(path)")
    }
    unsafe unlink(temporary)
    try synchronize(folder(of: path))
  }

  static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  static func remove(_ path: String) { unsafe unlink(path) }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func synchronize(_ folder: String) throws(StoreFailure) {
    let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "opening \(folder)") }
    defer { close(descriptor) }
    // Some file systems cannot synchronise a folder, and say so; they order its entries themselves.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw StoreFailure(errno: errno, doing: "synchronising \(folder)")
    }
  }
}
