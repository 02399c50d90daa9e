import CompanionPorts
import FoundationEssentials

/// A transport that answers everything with the same chunks, in no time, and then fails where it is told to.
struct CannedTransport: HTTPTransport {
  let chunks: [Data]
  var failure: TransportFailure? = nil

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    HTTPResponse(status: 200, headers: [:], body: HTTPBody(Chunks(chunks: chunks, failure: failure)))
  }

  private struct Chunks: AsyncSequence, Sendable {
    typealias Element = Data
    typealias Failure = TransportFailure
    let chunks: [Data]
    let failure: TransportFailure?

    func makeAsyncIterator() -> Iterator { Iterator(rest: chunks[...], failure: failure) }

    struct Iterator: AsyncIteratorProtocol {
      var rest: ArraySlice<Data>
      let failure: TransportFailure?

      mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(TransportFailure) -> Data? {
        if let chunk = rest.popFirst() { return chunk }
        if let failure { throw failure }
        return nil
      }
    }
  }
}
