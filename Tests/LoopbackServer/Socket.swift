#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The few calls of the sockets interface that the server needs.
enum Socket {
  struct Failure: Error {
    let call: String
    let code: Int32
  }

  #if os(Linux)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    private static let sendFlags = Int32(MSG_NOSIGNAL)
  #else
    private static let stream = SOCK_STREAM
    private static let sendFlags: Int32 = 0
  #endif

  /// A socket that listens on a free port of 127.0.0.1.
  static func listening() throws -> (socket: Int32, port: UInt16) {
    let listener = try check("socket", socket(AF_INET, stream, 0))
    closeInChildren(listener)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try unsafe withUnsafeMutablePointer(to: &address) { address in
      try unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        try unsafe check("bind", bind(listener, address, length))
        try check("listen", listen(listener, 512))
        try unsafe check("getsockname", getsockname(listener, address, &length))
      }
    }
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  /// The next connection; `nil` when the listener has been shut down.
  static func nextConnection(on listener: Int32) -> Int32? {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 {
        guard errno == EINTR || errno == ECONNABORTED else { return nil }
        continue
      }
      closeInChildren(connection)
      var on: Int32 = 1
      // Every piece leaves at once, so that a test decides where the stream is split.
      unsafe setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      #if !os(Linux)
        setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
      #endif
      return connection
    }
  }

  /// Some bytes, at least one; none at the end or on an error.
  static func receive(from socket: Int32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      var received = -1
      repeat {
        received = unsafe recv(socket, buffer.baseAddress, buffer.count, 0)
      } while received < 0 && errno == EINTR
      count = max(0, received)
    }
  }

  /// Sends everything; `false` when the client is gone.
  static func sendAll(_ bytes: [UInt8], to socket: Int32) -> Bool {
    unsafe bytes.withUnsafeBytes { buffer in
      var rest = unsafe buffer[...]
      while unsafe !rest.isEmpty {
        let start = unsafe UnsafeRawBufferPointer(rebasing: rest).baseAddress
        let sent = unsafe send(socket, start, rest.count, sendFlags)
        if sent > 0 { unsafe rest = rest.dropFirst(sent) } else if errno != EINTR { return false }
      }
      return true
    }
  }

  /// Blocks until `gate` is readable or the time is up; `false` when the client goes away before.
  ///
  /// - Parameter milliseconds: the longest wait; -1 for no limit.
  static func wait(for gate: Int32?, watching socket: Int32, milliseconds: Int32 = -1) -> Bool {
    var descriptors = [
      pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
      pollfd(fd: gate ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let ready = unsafe poll(&descriptors, nfds_t(descriptors.count), milliseconds)
      if ready == 0 { return true }
      guard ready > 0 || errno == EINTR else { return false }
      // A client that waits for its answer sends nothing: whatever there is to read, is the end.
      if descriptors[0].revents != 0 { return false }
      if descriptors[1].revents != 0 { return true }
    }
  }

  static func makePipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    try unsafe check("pipe", pipe(&ends))
    for end in ends { closeInChildren(end) }
    return (ends[0], ends[1])
  }

  /// Wakes whoever blocks on a socket, and tells the other side that nothing follows.
  static func shutDown(_ socket: Int32) { _ = shutdown(socket, Int32(SHUT_RDWR)) }

  /// Keeps a descriptor from the programs that tests start: a connection that one of them holds does not end.
  private static func closeInChildren(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

  /// Makes closing a socket reset its connection.
  static func resetOnClose(_ socket: Int32) {
    var now = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
  }

  static func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }

  @discardableResult
  private static func check(_ call: String, _ result: Int32) throws -> Int32 {
    guard result >= 0 else { throw Failure(call: call, code: errno) }
    return result
  }
}
