import CompanionDomain

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a call of the system has failed with.
struct SystemFault: Error {
  let code: Int32

  /// The fault of the call just made.
  init() { code = errno }

  init(code: Int32) { self.code = code }

  /// The fault in the words of the system.
  var words: String { unsafe String(cString: strerror(code)) }

  /// The fault as a failure that has changed nothing.
  func failure(_ path: WorkspacePath) -> ToolFailure {
    let path = path.description
    return switch code {
    case ENOENT: .notFound(path: path)
    case EACCES, EPERM, EROFS: .notPermitted(path: path)
    case ENOSPC, EDQUOT: .full(path: path)
    case ELOOP: .refused(path: path, reason: FileStatus.Kind.link.reason)
    case ENOTDIR: .refused(path: path, reason: "has something in it that is no folder")
    case ENAMETOOLONG: .refused(path: path, reason: "has a name in it that is too long for this file system")
    case EILSEQ: .refused(path: path, reason: "has a name in it that this file system does not take")
    case ENXIO, ENODEV: .refused(path: path, reason: FileStatus.Kind.device.reason)
    case EMFILE, ENFILE:
      .unavailable("Too many files are open in this process. Call again later, or raise the limit.")
    default: .system("The system failed with “\(words)” at “\(path)”. Nothing was changed.")
    }
  }
}
