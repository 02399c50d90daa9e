import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// This program, started once more with pipes that no other child inherits: a pipe that another child holds
/// open has no end.
struct SpawnedProcess: Sendable {
  let identifier: pid_t
  /// The child reads what is written here.
  let input: Int32
  /// What the child writes is read here.
  let output: Int32

  init(_ arguments: [String]) throws {
    // One at a time: between its making and its marking, another child could inherit a pipe.
    self = try Self.starting.withLock { _ in try SpawnedProcess(starting: arguments) }
  }

  private static let starting = Mutex(())

  private init(starting arguments: [String]) throws {
    let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
    let input = try Self.pipe()
    let output = try Self.pipe()
    #if os(Linux)
      var actions = unsafe posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
    var words = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    var variables = unsafe ProcessInfo.processInfo.environment.map { unsafe strdup("\($0)=\($1)") } + [nil]
    defer { unsafe (words + variables).forEach { unsafe free($0) } }
    var identifier: pid_t = 0
    let status = unsafe posix_spawn(&identifier, executable, &actions, nil, &words, &variables)
    close(input.read)
    close(output.write)
    guard status == 0 else {
      close(input.write)
      close(output.read)
      throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EINVAL)
    }
    self.identifier = identifier
    self.input = input.write
    self.output = output.read
  }

  /// Waits for the end, which ``takeStatus()`` then tells of. Blocks.
  func waitForTheEnd() {
    var information = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
  }

  /// The status of a process that has ended, as `wait` gives it. Its number may be another's from now on.
  func takeStatus() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(identifier, &status, 0) == -1, errno == EINTR {}
    return status
  }

  func send(_ signal: Int32) {
    // One that has ended meanwhile needs no signal.
    _ = kill(identifier, signal)
  }

  /// Reads what is there, and waits while nothing is; `nil` at the end. Blocks.
  func readOutput() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var count = -1
    repeat {
      count = unsafe buffer.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
    } while count < 0 && errno == EINTR
    return count > 0 ? Array(buffer.prefix(count)) : nil
  }

  /// Writes one byte; nothing when nobody reads it any more.
  func write(_ byte: UInt8) {
    let input = FileHandle(fileDescriptor: input, closeOnDealloc: false)
    try? input.write(contentsOf: Data([byte]))
  }

  /// A pipe that other children do not inherit.
  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
      let status = unsafe Glibc.pipe(&ends)
    #elseif canImport(Musl)
      let status = unsafe Musl.pipe(&ends)
    #else
      let status = unsafe Darwin.pipe(&ends)
    #endif
    guard status == 0 else { throw POSIXError(.EMFILE) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}
