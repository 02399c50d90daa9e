package import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reading a file whole.
package enum FileContents {
  /// Why a file cannot be read, as the rest of a sentence that begins with its name.
  package struct Failure: Error, Hashable, Sendable {
    package let reason: String
  }

  /// What is in a file. Blocks while it is read.
  ///
  /// - Parameter limit: the most bytes.
  package static func read(_ path: String, limit: Int) throws(Failure) -> Data {
    // A path that ends at a NUL would be another one.
    guard !path.utf8.contains(0) else { throw Failure(reason: "is no path") }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(reason: reason(errno)) }
    defer { close(descriptor) }
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = buffer.withUnsafeMutableBytes { bytes in
        #if canImport(Glibc)
          Glibc.read(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
          Musl.read(descriptor, bytes.baseAddress, bytes.count)
        #else
          Darwin.read(descriptor, bytes.baseAddress, bytes.count)
        #endif
      }
      if count == 0 { return data }
      if count < 0 {
        guard errno == EINTR else { throw Failure(reason: reason(errno)) }
        continue
      }
      data.append(contentsOf: buffer.prefix(count))
      guard data.count <= limit else { throw Failure(reason: "is larger than \(limit / 1024) KiB") }
    }
  }

  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "is not there"
    case EISDIR: "is a folder"
    case EACCES, EPERM: "may not be read"
    default: "cannot be read: \(String(cString: strerror(code)))"
    }
  }
}
