public import FoundationEssentials

/// Sends one HTTP request and streams the answer's body.
public protocol HTTPTransport: Sendable {
  /// Sends a request; returns when the head of the response is here, whatever its status.
  ///
  /// Cancelling the task, or letting go of the body, ends the request. Redirects are not followed, so that
  /// a key reaches no other host.
  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse
}

/// One HTTP request.
public struct HTTPRequest: Sendable {
  /// The method, in upper case.
  public var method: String
  /// The address, `http` or `https`.
  public var url: URL
  /// Header fields. A field may be a secret: it is never printed.
  public var headers: [String: String]
  /// The body; empty for none.
  public var body: Data
  /// The longest time without a byte from the server, before the head and between the chunks of the body.
  public var idleTimeout: Duration

  /// A request; a `POST` unless said otherwise.
  public init(
    method: String = "POST", url: URL, headers: [String: String] = [:], body: Data = Data(),
    idleTimeout: Duration = .seconds(60)
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.idleTimeout = idleTimeout
  }
}

/// The head of an HTTP response, and its body as it arrives.
public struct HTTPResponse: Sendable {
  /// The status code, such as 200.
  public var status: Int
  /// Header fields by their names in lower case.
  public var headers: [String: String]
  /// The body, as it arrives.
  public var body: HTTPBody

  /// - Parameter headers: header fields; their names may be in any case.
  public init(status: Int, headers: [String: String], body: HTTPBody) {
    self.status = status
    self.headers = Dictionary(
      headers.map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    self.body = body
  }
}

/// Why a request got no answer, or no whole one.
public struct TransportFailure: Error, Hashable, Sendable {
  /// What happened.
  @nonexhaustive
  public enum Kind: Hashable, Sendable {
    /// No connection: the request did not reach the server.
    case unreachable
    /// The connection broke after the request may have reached the server.
    case connectionLost
    /// What came from the server is not HTTP.
    case invalidResponse
    /// Nothing came from the server for too long.
    case timedOut
    /// The task was cancelled.
    case cancelled
  }

  /// What happened.
  public var kind: Kind
  /// The transport's own words; empty where it has none.
  public var message: String

  /// A failure of this kind.
  public init(_ kind: Kind, message: String = "") {
    self.kind = kind
    self.message = message
  }
}

/// The chunks of a body, as they arrive. It can be gone through once.
///
/// No more than a bounded amount is held, and nothing is dropped: a consumer that takes its time slows the
/// server down, or, with a transport that cannot do that, finds a failure behind what was held.
public struct HTTPBody: AsyncSequence, Sendable {
  /// A chunk of the body; where the server's writes begin and end means nothing.
  public typealias Element = Data
  /// Why the body is not whole.
  public typealias Failure = TransportFailure

  private let base: any AsyncSequence<Data, TransportFailure> & Sendable

  /// The chunks of another sequence.
  public init(_ base: some AsyncSequence<Data, TransportFailure> & Sendable) { self.base = base }

  /// The consumer's end. There is one consumer.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: Self.iterator(of: base)) }

  private static func iterator(
    of sequence: some AsyncSequence<Data, TransportFailure>
  ) -> any AsyncIteratorProtocol<Data, TransportFailure> {
    sequence.makeAsyncIterator()
  }

  /// Takes the chunks, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: any AsyncIteratorProtocol<Data, TransportFailure>

    /// The next chunk; `nil` when the body is whole.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(TransportFailure) -> Data? {
      try await base.next(isolation: actor)
    }

    /// The next chunk; see ``next(isolation:)``.
    public mutating func next() async throws(TransportFailure) -> Data? {
      try await base.next(isolation: #isolation)
    }
  }
}
