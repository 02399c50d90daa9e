#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  import CProcesses

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  /// A program that was just started, by `posix_spawn`: Foundation's `Process` knows no sessions, and inherits what is
  /// open.
  struct SpawnedProcess {
    let identifier: pid_t

    /// How often a start is tried, a millisecond apart, while the program is busy.
    private static let attempts = 100

    /// - Parameters:
    ///   - executable: a path from `/`.
    ///   - arguments: what the program sees, from its own name on; without 0 bytes.
    ///   - folder: the open folder in which it starts.
    ///   - output: its standard output and its standard error.
    init(
      executable: String, arguments: [String], environment: [String], folder: Descriptor, output: Descriptor
    ) throws(SystemFault) {
      var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
      var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
      defer { unsafe (words + variables).forEach { unsafe free($0) } }
      var identifier: pid_t = 0
      var code: Int32
      var attempts = 0
      repeat {
        code = unsafe processes_start(
          &identifier, executable, &words, &variables, folder.number, output.number)
        attempts += 1
        // A program that was just written is busy while another thread's child, which has not got as far as to its own
        // program, has it open. That is over in no time; where somebody is still writing, it is not.
      } while code == ETXTBSY && attempts < Self.attempts && poll(nil, 0, 1) <= 0
      guard code == 0 else { throw SystemFault(code: code) }
      self.identifier = identifier
    }
  }
#endif
