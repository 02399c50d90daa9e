import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A child process with pipes, or a terminal, which inherits nothing else: many are started at the same time, and none may
/// hold the other's pipes open.
struct ChildProcess: Sendable {
  let identifier: pid_t
  /// The child reads what is written here.
  let input: Int32
  let output: Int32
  let complaints: Int32

  /// - Parameter hasTerminal: whether its input, its output and its complaints are a terminal, which shows nothing of what
  ///   is typed; the complaints come with the output then.
  init(
    _ executable: String, _ arguments: [String], environment: [String: String], hasTerminal: Bool = false
  ) throws {
    // One at a time: between its making and its marking, another child could inherit a pipe.
    self = try Self.starting.withLock { _ in
      try ChildProcess(starting: executable, arguments, environment, hasTerminal: hasTerminal)
    }
  }

  private static let starting = Mutex(())

  private init(
    starting executable: String, _ arguments: [String], _ environment: [String: String], hasTerminal: Bool
  ) throws {
    let input = try hasTerminal ? Self.terminal() : Self.pipe()
    let output =
      try hasTerminal ? (read: fcntl(input.write, F_DUPFD_CLOEXEC, 0), write: input.read) : Self.pipe()
    let complaints = try Self.pipe()
    #if os(Linux)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (theirs, standard) in [
      (input.read, STDIN_FILENO), (output.write, STDOUT_FILENO),
      (hasTerminal ? output.write : complaints.write, STDERR_FILENO),
    ] {
      posix_spawn_file_actions_adddup2(&actions, theirs, standard)
    }
    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var identifier: pid_t = 0
    let status = posix_spawn(&identifier, executable, &actions, nil, &words, &variables)
    for descriptor in Set([input.read, output.write, complaints.write]) { close(descriptor) }
    guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EINVAL) }
    self.identifier = identifier
    self.input = input.write
    self.output = output.read
    self.complaints = complaints.read
  }

  /// Waits for the end; what a shell calls the status. Blocks.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Reads what is there, and waits while nothing is; `nil` at the end. Blocks.
  static func read(from descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var count = -1
    repeat {
      #if canImport(Glibc)
        count = Glibc.read(descriptor, &buffer, buffer.count)
      #elseif canImport(Musl)
        count = Musl.read(descriptor, &buffer, buffer.count)
      #else
        count = Darwin.read(descriptor, &buffer, buffer.count)
      #endif
    } while count < 0 && errno == EINTR
    return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
  }

  /// The two ends of a terminal that other children do not inherit: the one that the child has, and a person's.
  private static func terminal() throws -> (read: Int32, write: Int32) {
    #if os(Linux)
      // The C library's own calls for this are in no module: TIOCSPTLCK unlocks, TIOCGPTN tells the number.
      var lock: Int32 = 0
      var number: UInt32 = 0
      let ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      guard ours >= 0, ioctl(ours, 0x4004_5431, &lock) == 0, ioctl(ours, 0x8004_5430, &number) == 0 else {
        throw POSIXError(.EMFILE)
      }
      let name = "/dev/pts/\(number)"
    #else
      let ours = posix_openpt(O_RDWR | O_NOCTTY)
      guard ours >= 0, fcntl(ours, F_SETFD, FD_CLOEXEC) == 0, grantpt(ours) == 0, unlockpt(ours) == 0,
        let name = ptsname(ours)
      else { throw POSIXError(.EMFILE) }
    #endif
    let theirs = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    var settings = termios()
    guard theirs >= 0, tcgetattr(theirs, &settings) == 0 else { throw POSIXError(.EMFILE) }
    settings.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(theirs, TCSANOW, &settings)
    return (theirs, ours)
  }

  /// A pipe that other children do not inherit.
  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    #if canImport(Glibc)
      let status = Glibc.pipe(&ends)
    #elseif canImport(Musl)
      let status = Musl.pipe(&ends)
    #else
      let status = Darwin.pipe(&ends)
    #endif
    guard status == 0 else { throw POSIXError(.EMFILE) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}
