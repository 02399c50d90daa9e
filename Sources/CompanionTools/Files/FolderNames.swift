#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Descriptor {
  /// The names of the entries of this folder as bytes, in their order; whether there are more than the limit.
  ///
  /// A name may be anything but empty, and need not be UTF-8.
  func names(limit: Int) throws(SystemFault) -> (names: [[UInt8]], areCut: Bool) {
    // A place of its own in the folder, and not the one that others read at.
    var own: Int32
    repeat { own = unsafe openat(number, ".", Self.folderFlags | O_CLOEXEC) } while own < 0 && errno == EINTR
    guard own >= 0 else { throw SystemFault() }
    guard let folder = unsafe fdopendir(own) else {
      let fault = SystemFault()
      close(own)
      throw fault
    }
    defer { unsafe closedir(folder) }
    var names: [[UInt8]] = []
    while true {
      // The end and a fault both have no entry, and only the fault has a code.
      errno = 0
      guard let entry = unsafe readdir(folder) else {
        guard errno == 0 else { throw SystemFault() }
        return (Self.sorted(names), false)
      }
      let name = unsafe Self.name(of: entry)
      if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
      if names.count >= limit { return (Self.sorted(names), true) }
      names.append(name)
    }
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    let start = unsafe UnsafeRawPointer(entry) + offset
    let length = unsafe strlen(start.assumingMemoryBound(to: CChar.self))
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: length))
  }

  private static func sorted(_ names: [[UInt8]]) -> [[UInt8]] {
    names.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
