#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file or folder; closed when nobody holds it any more.
final class Descriptor: Sendable {
  let number: Int32

  /// Takes over an open descriptor.
  init(taking number: Int32) { self.number = number }

  deinit { close(number) }

  /// What the system says of it.
  func status() throws(SystemFault) -> FileStatus {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw SystemFault() }
    return FileStatus(status)
  }

  /// What the system says of an entry of this folder; of a link, and not of what it leads to. `nil` where there is none.
  func status(of name: String) throws(SystemFault) -> FileStatus? {
    do throws(SystemFault) { return try status(ofBytes: Array(name.utf8CString)) } catch {
      if error.code == ENOENT { return nil }
      throw error
    }
  }

  /// The same for a name of any bytes, with a 0 behind it.
  func status(ofBytes name: [CChar]) throws(SystemFault) -> FileStatus {
    var status = stat()
    guard unsafe fstatat(number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw SystemFault() }
    return FileStatus(status)
  }

  /// How a folder is opened.
  static let folderFlags = O_RDONLY | O_DIRECTORY

  /// Opens an entry of this folder, without following a link, waiting for a pipe, or handing it to a child.
  func open(_ name: String, _ flags: Int32, mode: mode_t = 0) throws(SystemFault) -> Descriptor {
    let always = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    while true {
      let opened = unsafe openat(number, name, flags | always, mode)
      if opened >= 0 { return Descriptor(taking: opened) }
      guard errno == EINTR else { throw SystemFault() }
    }
  }

  /// Makes a folder in this one, unless something of its name is there. One that is made stays, also after a loss of
  /// power.
  func makeFolder(_ name: String) throws(SystemFault) {
    if unsafe mkdirat(number, name, 0o777) == 0 { return try synchronize() }
    guard errno == EEXIST else { throw SystemFault() }
  }

  /// Gives an entry of this folder another name, in one step; what had the name before is gone.
  func rename(_ name: String, to other: String) throws(SystemFault) {
    guard unsafe renameat(number, name, number, other) == 0 else { throw SystemFault() }
  }

  /// Removes an entry of this folder: a link, and not what it leads to; a folder only where it is empty.
  func remove(_ name: String, folder isFolder: Bool = false) throws(SystemFault) {
    guard unsafe unlinkat(number, name, isFolder ? AT_REMOVEDIR : 0) == 0 else { throw SystemFault() }
  }

  /// Whether this process may write an entry.
  func mayWrite(_ name: String) -> Bool { unsafe faccessat(number, name, W_OK, 0) == 0 }

  /// Reads what comes next, at most as much as fits; 0 at the end.
  func read(into buffer: inout [UInt8]) throws(SystemFault) -> Int {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        #if canImport(Glibc)
          unsafe Glibc.read(number, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
          unsafe Musl.read(number, bytes.baseAddress, bytes.count)
        #else
          unsafe Darwin.read(number, bytes.baseAddress, bytes.count)
        #endif
      }
      if count >= 0 { return count }
      guard errno == EINTR else { throw SystemFault() }
    }
  }

  /// Writes all of some bytes.
  func write(_ bytes: [UInt8]) throws(SystemFault) {
    var place = 0
    while place < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: all[place...])
        #if canImport(Glibc)
          return unsafe Glibc.write(number, rest.baseAddress, rest.count)
        #elseif canImport(Musl)
          return unsafe Musl.write(number, rest.baseAddress, rest.count)
        #else
          return unsafe Darwin.write(number, rest.baseAddress, rest.count)
        #endif
      }
      if count >= 0 {
        place += count
      } else if errno != EINTR {
        throw SystemFault()
      }
    }
  }

  /// Says who may read and write this file.
  func setRights(_ rights: mode_t) throws(SystemFault) {
    guard fchmod(number, rights) == 0 else { throw SystemFault() }
  }

  /// Brings what was written to the disk.
  func synchronize() throws(SystemFault) {
    // Some file systems have nothing to bring of a folder, and say so.
    while fsync(number) != 0 {
      if errno == EINVAL { return }
      guard errno == EINTR else { throw SystemFault() }
    }
  }
}
