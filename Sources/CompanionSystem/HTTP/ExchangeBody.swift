import CompanionPorts
import Foundation

/// The body of a response. The transfer ends when nobody holds the body or its iterator any more.
struct ExchangeBody: AsyncSequence, Sendable {
  typealias Element = Data
  typealias Failure = TransportFailure

  /// Ends the transfer with its own life. The table of live exchanges does not hold it.
  fileprivate final class Reader: Sendable {
    let exchange: Exchange
    init(exchange: Exchange) { self.exchange = exchange }
    deinit { exchange.cancel() }
  }

  private let reader: Reader

  init(_ exchange: Exchange) { reader = Reader(exchange: exchange) }

  func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

  struct Iterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    mutating func next(isolation actor: isolated (any Actor)?) async throws(TransportFailure) -> Data? {
      try await reader.exchange.nextChunk()
    }
  }
}
