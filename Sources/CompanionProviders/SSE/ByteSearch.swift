#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#else
  import Darwin
#endif

/// Looks for a byte as fast as the machine can.
enum ByteSearch {
  /// The index of the first such byte in a part of an array; the end of the part where there is none.
  ///
  /// - Parameter end: the array's end, unless it is given.
  static func firstIndex(of byte: UInt8, in bytes: [UInt8], from start: Int, to end: Int? = nil) -> Int {
    let end = end ?? bytes.count
    guard start < end else { return end }
    return bytes.withUnsafeBytes { buffer in
      // The C library's search is vectorised, which a loop that may stop at any byte is not.
      guard let base = buffer.baseAddress, let found = memchr(base + start, Int32(byte), end - start) else {
        return end
      }
      return UnsafeRawPointer(found) - base
    }
  }
}
