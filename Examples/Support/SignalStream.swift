// Dispatch's sources may be used from any thread, which their types do not say on Linux.
@preconcurrency @unsafe import Dispatch
import Foundation

/// The signals of these numbers from now on, as what they mean to a program. They have their usual effect no longer.
package func signals<Meaning: Sendable>(_ meanings: [(Int32, Meaning)]) -> AsyncStream<Meaning> {
  AsyncStream { continuation in
    let sources = meanings.map { number, meaning in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(meaning) }
      source.resume()
      return source
    }
    continuation.onTermination = { _ in for source in sources { source.cancel() } }
  }
}
