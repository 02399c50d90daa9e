import FoundationEssentials
import Synchronization

/// Writes one answer. Used on the connection's own thread only.
public final class LoopbackConnection: Sendable {
  private struct State {
    var received: [UInt8] = []
    var isChunked = false
    var isHeadSent = false
    var isFinished = false
    var isClosing = false
  }

  private let socket: Int32
  private let state = Mutex(State())

  init(socket: Int32) { self.socket = socket }

  /// Whether no further request is read from this connection.
  var isClosing: Bool { state.withLock(\.isClosing) }

  /// Sends the head. Unless a length is given, the body is sent in chunks.
  public func head(
    _ status: Int = 200, _ headers: KeyValuePairs<String, String> = [:], length: Int? = nil
  ) throws {
    var lines = ["HTTP/1.1 \(status) Whatever"]
    lines += headers.map { "\($0.key): \($0.value)" }
    lines.append(length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked")
    state.withLock { state in
      state.isChunked = length == nil
      state.isHeadSent = true
    }
    try raw(lines.joined(separator: "\r\n") + "\r\n\r\n")
  }

  /// Sends a part of the body.
  public func chunk(_ text: String) throws { try chunk([UInt8](text.utf8)) }

  /// Sends a part of the body.
  public func chunk(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    guard state.withLock(\.isChunked) else { return try raw(bytes) }
    try raw([UInt8]("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
  }

  /// Sends a part of the body in pieces of so many bytes, wherever that cuts.
  public func chunk(_ text: String, inPiecesOf size: Int) throws {
    let bytes = [UInt8](text.utf8)
    for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
      try chunk([UInt8](bytes[start..<min(start + max(1, size), bytes.count)]))
    }
  }

  /// Sends bytes as they are, outside of any framing.
  public func raw(_ text: String) throws { try raw([UInt8](text.utf8)) }

  /// Sends bytes as they are, outside of any framing.
  public func raw(_ bytes: [UInt8]) throws {
    guard Socket.sendAll(bytes, to: socket) else { throw ClientGone() }
  }

  /// Sends a whole answer.
  public func respond(
    _ status: Int = 200, _ headers: KeyValuePairs<String, String> = [:], _ body: String = ""
  ) throws {
    try head(status, headers, length: body.utf8.count)
    try chunk(body)
    try finish()
  }

  /// Says nothing until the gate opens; without one, until the client goes away or the server is stopped.
  public func stall(until gate: LoopbackGate? = nil) throws {
    guard Socket.wait(for: gate?.descriptor, watching: socket) else { throw ClientGone() }
  }

  /// Says nothing for a while, as a slow server does.
  public func pause(milliseconds: Int32) throws {
    guard Socket.wait(for: nil, watching: socket, milliseconds: milliseconds) else { throw ClientGone() }
  }

  /// Ends the answer as it should be ended. To do so twice is harmless.
  public func finish() throws {
    let isTerminatorDue = state.withLock { state in
      defer { state.isFinished = true }
      return !state.isFinished && state.isHeadSent && state.isChunked
    }
    if isTerminatorDue { try raw("0\r\n\r\n") }
  }

  /// Closes the connection in the middle of the answer.
  public func cut() {
    close(resetting: false)
  }

  /// Resets the connection: the client's next read fails, and what it has not read yet may be lost.
  public func reset() {
    close(resetting: true)
  }

  private func close(resetting: Bool) {
    state.withLock { state in
      state.isFinished = true
      state.isClosing = true
    }
    if resetting { Socket.resetOnClose(socket) } else { Socket.shutDown(socket) }
  }

  /// The next request; `nil` when the client has closed the connection or sends what is no request.
  func readRequest() -> LoopbackRequest? {
    state.withLock { $0 = State(received: $0.received) }
    guard let head = read(until: [13, 10, 13, 10]) else { return nil }
    var lines = String(decoding: head, as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: true)
    guard !lines.isEmpty else { return nil }
    let words = lines.removeFirst().split(separator: " ")
    guard words.count == 3 else { return nil }

    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers[line[..<colon].lowercased()] = String(value)
    }
    guard let body = read(count: headers["content-length"].flatMap { Int($0) } ?? 0) else { return nil }
    return LoopbackRequest(
      method: String(words[0]), path: String(words[1]), headers: headers, body: Data(body))
  }

  private func read(until end: [UInt8]) -> [UInt8]? {
    while true {
      let head: [UInt8]? = state.withLock { state in
        guard let range = state.received.firstRange(of: end) else { return nil }
        defer { state.received.removeSubrange(..<range.upperBound) }
        return [UInt8](state.received[..<range.lowerBound])
      }
      if let head { return head }
      // A method is in capital letters; a client that begins otherwise, such as with TLS, is sent away.
      guard receive(), (65...90).contains(state.withLock { $0.received.first } ?? 0) else { return nil }
    }
  }

  private func read(count: Int) -> [UInt8]? {
    while state.withLock({ $0.received.count < count }) {
      guard receive() else { return nil }
    }
    return state.withLock { state in
      defer { state.received.removeFirst(count) }
      return [UInt8](state.received.prefix(count))
    }
  }

  private func receive() -> Bool {
    let bytes = Socket.receive(from: socket)
    state.withLock { $0.received += bytes }
    return !bytes.isEmpty
  }
}
