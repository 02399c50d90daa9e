#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  import CProcesses

  /// A pipe that no child inherits.
  struct Pipe: Sendable {
    /// What is written is read here; reading does not wait.
    let reading: Descriptor
    /// Here is written.
    let writing: Descriptor

    init() throws(SystemFault) {
      var ends: [Int32] = [0, 0]
      let code = unsafe processes_pipe(&ends)
      guard code == 0 else { throw SystemFault(code: code) }
      reading = Descriptor(taking: ends[0])
      writing = Descriptor(taking: ends[1])
    }
  }
#endif
