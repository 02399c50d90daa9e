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
  /// The index of the first such byte in a part of a buffer; the end of the part where there is none.
  static func firstIndex(
    of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> Int {
    // The C library's search is vectorised, which a loop that may stop at any byte is not.
    guard start < end, let base = bytes.baseAddress,
      let found = unsafe memchr(base + start, Int32(byte), end - start)
    else { return end }
    return unsafe UnsafeRawPointer(found) - base
  }
}
