import Foundation
public import FoundationEssentials
import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1 that answers as a test tells it to.
///
/// Each connection has a thread of its own, on which the handler runs and blocks as it likes. A client that
/// goes away ends its handler with ``ClientGone`` and nothing else. The server stops when it is let go of.
public final class LoopbackServer: Sendable {
  /// Answers one request. What it throws ends the connection.
  public typealias Handler = @Sendable (LoopbackRequest, LoopbackConnection) throws -> Void

  /// What the server has seen so far.
  public struct Counts: Hashable, Sendable {
    /// Requests that came whole.
    public var requests = 0
    /// Connections ever accepted.
    public var acceptedConnections = 0
    /// Connections open now.
    public var liveConnections = 0
    /// Answers that the client did not wait for.
    public var abandonedAnswers = 0
  }

  private struct Waiter {
    let condition: @Sendable (Counts) -> Bool
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var counts = Counts()
    var sockets: Set<Int32> = []
    var waiters: [Waiter] = []
    var isStopped = false
  }

  /// What the threads of a server share; it does not keep the server itself alive.
  private final class Shared: Sendable {
    let state = Mutex(State())
    let handler: Handler

    init(handler: @escaping Handler) { self.handler = handler }

    func update(_ change: (inout State) -> Void) {
      let satisfied = state.withLock { state in
        change(&state)
        let satisfied = state.waiters.filter { $0.condition(state.counts) }
        state.waiters.removeAll { $0.condition(state.counts) }
        return satisfied
      }
      for waiter in satisfied { waiter.continuation.resume() }
    }
  }

  /// The port, chosen by the system.
  public let port: UInt16
  private let listener: Int32
  private let shared: Shared

  /// Starts a server.
  public init(handler: @escaping Handler) throws {
    (listener, port) = try Socket.listening()
    shared = Shared(handler: handler)
    let (listener, shared) = (listener, shared)
    Thread.detachNewThread { Self.accept(on: listener, shared) }
  }

  deinit { stop() }

  /// `http://127.0.0.1:port`, followed by a path.
  public func url(_ path: String = "") -> URL {
    URL(string: "http://127.0.0.1:\(port)\(path)") ?? URL(filePath: "/")
  }

  /// What the server has seen so far.
  public var counts: Counts { shared.state.withLock(\.counts) }

  /// Waits until the counts are as asked for.
  public func wait(until condition: @escaping @Sendable (Counts) -> Bool) async {
    await withCheckedContinuation { continuation in
      shared.update { $0.waiters.append(Waiter(condition: condition, continuation: continuation)) }
    }
  }

  /// Closes every connection; new ones are refused from here on. To do so twice is harmless.
  public func stop() {
    let wasStopped = shared.state.withLock { state in
      defer { state.isStopped = true }
      // The threads that own the sockets close them; this only wakes them.
      for socket in state.sockets { Socket.shutDown(socket) }
      return state.isStopped
    }
    if !wasStopped { Socket.shutDown(listener) }
  }

  private static func accept(on listener: Int32, _ shared: Shared) {
    while let socket = Socket.nextConnection(on: listener) {
      var isStopped = false
      shared.update { state in
        isStopped = state.isStopped
        guard !isStopped else { return }
        state.sockets.insert(socket)
        state.counts.acceptedConnections += 1
        state.counts.liveConnections += 1
      }
      guard !isStopped else {
        Socket.closeDescriptor(socket)
        continue
      }
      Thread.detachNewThread { serve(socket, shared) }
    }
    Socket.closeDescriptor(listener)
  }

  private static func serve(_ socket: Int32, _ shared: Shared) {
    let connection = LoopbackConnection(socket: socket)
    while !connection.isClosing, let request = connection.readRequest() {
      shared.update { $0.counts.requests += 1 }
      do {
        try shared.handler(request, connection)
        try connection.finish()
      } catch {
        if error is ClientGone { shared.update { $0.counts.abandonedAnswers += 1 } }
        break
      }
    }
    shared.update { state in
      state.sockets.remove(socket)
      // Inside the lock, so that stop() never shuts down a number that names another socket by now.
      Socket.closeDescriptor(socket)
      state.counts.liveConnections -= 1
    }
  }
}

/// Opened once, by a test, to let a stalled answer go on.
public final class LoopbackGate: Sendable {
  private let ends: (read: Int32, write: Int32)
  private let isOpen = Mutex(false)

  /// A closed gate.
  public init() throws { ends = try Socket.makePipe() }

  deinit {
    open()
    Socket.closeDescriptor(ends.read)
  }

  /// Lets everything that waits go on, now and later.
  public func open() {
    let wasOpen = isOpen.withLock { isOpen in
      defer { isOpen = true }
      return isOpen
    }
    // A pipe without a writer is readable for everyone who waits for it.
    if !wasOpen { Socket.closeDescriptor(ends.write) }
  }

  var descriptor: Int32 { ends.read }
}

/// One request as it came.
public struct LoopbackRequest: Sendable {
  /// Such as `POST`.
  public var method: String
  /// The path and the query, as they came.
  public var path: String
  /// Header fields by their names in lower case.
  public var headers: [String: String]
  /// The whole body.
  public var body: Data
}

/// The client closed the connection, or the server was stopped.
public struct ClientGone: Error {
  /// The client is gone.
  public init() {}
}
