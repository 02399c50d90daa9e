import CompanionDomain
public import CompanionPorts
import Dispatch
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps images as files in a folder, which only their owner can read.
///
/// An image is there whole or not at all, and on the disk when it has been stored. What it is called ends as its
/// bytes say, and not as somebody has said of them. Files are written on a queue of their own.
public struct FolderImageStorage: ImageStorage {
  private let folder: String
  private let queue = DispatchQueue(label: "companion.images")

  /// - Parameter folder: its path. It is created where there is none, if what it lies in is there.
  /// - Throws: `StoreFailure.inaccessible` when it is no folder, cannot be created, or cannot be written into.
  public init(folder: String) throws(StoreFailure) {
    guard !folder.isEmpty, !folder.utf8.contains(0) else { throw .inaccessible("a folder needs a name") }
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
      throw .inaccessible("the folder \(folder) cannot be created: \(Self.words(errno))")
    }
    // With the slash it has to be a folder.
    guard access("\(folder)/", W_OK | X_OK) == 0 else {
      throw .inaccessible("the folder \(folder) cannot be written into: \(Self.words(errno))")
    }
    self.folder = folder
  }

  /// Keeps an image; see `ImageStorage`.
  ///
  /// - Parameter name: letters and digits of ASCII and `-`, at most 200.
  /// - Returns: the file's path.
  /// - Throws: `StoreFailure.invalid` for another name, so that no file lies outside of the folder, and none
  ///   takes the place of another one's.
  public func store(_ image: GeneratedImage, named name: String) async throws(StoreFailure) -> String {
    guard (1...200).contains(name.utf8.count), name.allSatisfy(Self.isAllowed) else {
      throw .invalid("an image's name has 1 to 200 ASCII letters, digits and -")
    }
    let result = await withCheckedContinuation { continuation in
      queue.async {
        do throws(StoreFailure) {
          continuation.resume(returning: Result<String, StoreFailure>.success(try write(image.data, name)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try result.get()
  }

  private static func isAllowed(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "-")
  }

  private func write(_ data: Data, _ name: String) throws(StoreFailure) -> String {
    let ending = ImageFormat(of: data)?.fileExtension ?? Self.endingOfUnknown
    let path = "\(folder)/\(name).\(ending)"
    var template = Array("\(folder)/.\(name)-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Self.failure(errno, path) }
    let isWritten = Self.writeAll(data, to: descriptor) && fsync(descriptor) == 0
    var code = isWritten ? 0 : errno
    if close(descriptor) != 0, code == 0 { code = errno }
    if code == 0, rename(template, path) != 0 { code = errno }
    guard code == 0 else {
      unlink(template)
      throw Self.failure(code, path)
    }
    // One name is one image: an earlier one may have been of another type.
    for other in ImageFormat.allCases.map(\.fileExtension) + [Self.endingOfUnknown] where other != ending {
      unlink("\(folder)/\(name).\(other)")
    }
    synchronizeFolder()
    return path
  }

  /// What the name of an image ends in that is of no known format.
  private static let endingOfUnknown = "bin"

  private static func writeAll(_ data: Data, to descriptor: Int32) -> Bool {
    var rest = Array(data)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { bytes in
        #if canImport(Glibc)
          Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
          Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #else
          Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
      }
      if count >= 0 {
        rest.removeFirst(count)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// Without it the file's name could be lost with the power.
  private func synchronizeFolder() {
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ code: Int32, _ path: String) -> StoreFailure {
    let what = "\(path) cannot be written: \(words(code))"
    return switch code {
    case ENOSPC, EDQUOT: .full(what)
    case EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EISDIR: .inaccessible(what)
    default: .unknown(what)
    }
  }

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
