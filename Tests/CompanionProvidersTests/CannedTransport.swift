import CompanionPorts
import FoundationEssentials

/// A transport that answers everything with the same chunks, in no time.
struct CannedTransport: HTTPTransport {
  let chunks: [Data]

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    HTTPResponse(status: 200, headers: [:], body: HTTPBody(Chunks(chunks: chunks)))
  }

  private struct Chunks: AsyncSequence, Sendable {
    typealias Element = Data
    typealias Failure = TransportFailure
    let chunks: [Data]

    func makeAsyncIterator() -> Iterator { Iterator(rest: chunks[...]) }

    struct Iterator: AsyncIteratorProtocol {
      var rest: ArraySlice<Data>

      mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(TransportFailure) -> Data? {
        rest.popFirst()
      }
    }
  }
}
