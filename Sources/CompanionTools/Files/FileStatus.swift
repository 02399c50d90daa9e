#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system says of a file. Two are the same when nobody has changed the file between them.
struct FileStatus: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case file, folder, link, device, pipe, socket, other

    /// The kind as the rest of a sentence about a path.
    var reason: String {
      switch self {
      case .file: "is a file"
      case .folder: "is a folder"
      case .link: "is a symbolic link, and links are not followed"
      case .device: "is a device, and only files are read and written"
      case .pipe: "is a pipe, and only files are read and written"
      case .socket: "is a socket, and only files are read and written"
      case .other: "is no ordinary file"
      }
    }

    /// The kind in one word.
    var word: String {
      switch self {
      case .file: "file"
      case .folder: "folder"
      case .link: "symbolic link"
      case .device: "device"
      case .pipe: "pipe"
      case .socket: "socket"
      case .other: "unknown"
      }
    }
  }

  let kind: Kind
  let size: Int
  /// The rights of its owner, its group and all others.
  let rights: mode_t
  private let device: dev_t
  private let number: ino_t
  private let times: [Int]

  init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .link
      case S_IFCHR, S_IFBLK: .device
      case S_IFIFO: .pipe
      case S_IFSOCK: .socket
      default: .other
      }
    size = Int(status.st_size)
    rights = status.st_mode & 0o777
    (device, number) = (status.st_dev, status.st_ino)
    #if canImport(Darwin)
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #endif
    times = [Int(modified.tv_sec), Int(modified.tv_nsec), Int(changed.tv_sec), Int(changed.tv_nsec)]
  }

  /// Whether it is the same file, whatever is in it by now.
  func isSameFile(as other: FileStatus) -> Bool { device == other.device && number == other.number }
}
