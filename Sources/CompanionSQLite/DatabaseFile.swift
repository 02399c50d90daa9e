import CompanionPorts

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

  /// An empty file with a new name beside `path`, which only its owner may read.
  private static func temporary(beside path: String) throws(StoreFailure) -> String {
    var template = Array("\(path).XXXXXX".utf8CString)
    let descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { throw StoreFailure(errno: errno, doing: "creating a file beside \(path)") }
    close(descriptor)
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Makes a file that appears under its name only when it is finished, and that only its owner may read.
  ///
  /// - Parameter content: fills the empty file that it is given the path of, and closes it.
  /// - Returns: `false` when there is such a file already, which stays as it is.
  static func create(
    _ path: String, content: (String) throws(StoreFailure) -> Void
  ) throws(StoreFailure) -> Bool {
    guard !exists(path) else { return false }
    let temporary = try temporary(beside: path)
    defer {
      // The others are there only when SQLite could not clean up, as on a full disk.
      for suffix in ["", "-wal", "-shm", "-journal"] { unsafe unlink(temporary + suffix) }
    }
    try content(temporary)
    guard try publish(temporary, as: path) else { return false }
    try synchronize(folder(of: path))
    return true
  }

  /// Gives a file a second name, unless that is taken.
  private static func publish(_ temporary: String, as path: String) throws(StoreFailure) -> Bool {
    // A rename would silently replace a file that has come to be meanwhile; a link refuses to.
    if unsafe link(temporary, path) == 0 { return true }
    switch errno {
    case EEXIST: return false
    case EPERM, ENOSYS, EOPNOTSUPP:
      // A file system without links, such as FAT: as near to it as there is.
      guard !exists(path) else { return false }
      if unsafe rename(temporary, path) == 0 { return true }
    default: break
    }
    throw StoreFailure(errno: errno, doing: "creating \(path)")
  }

  private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

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
