import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// The events of a streamed answer, read from its body as they are asked for.
struct AnswerSequence<Reader: AnswerReader>: AsyncSequence, Sendable {
  typealias Element = Reader.Output
  typealias Failure = ProviderFailure

  let body: HTTPBody
  let context: ResponseContext
  let reader: Reader

  func makeAsyncIterator() -> Iterator {
    Iterator(body: body.makeAsyncIterator(), context: context, reader: reader)
  }

  struct Iterator: AsyncIteratorProtocol {
    /// What the bytes that come next belong to.
    private enum Phase {
      /// Nothing but white space has come.
      case beginning
      case events
      /// One JSON object: the server does not stream, or says what is wrong.
      case whole(Data)
      /// The end has been announced; what follows is read so that the connection can be used again.
      case trailer(rest: Int)
      case over
    }

    /// `nil` when nothing more is read, which lets go of the request.
    private var body: HTTPBody.AsyncIterator?
    private let context: ResponseContext
    private var phase = Phase.beginning
    private var parser: ServerSentEventParser
    private var reader: Reader
    private var hasSeenEvent = false
    private var pending: ArraySlice<Reader.Output> = []

    private static var maximumSize: Int { ProviderExchange.sizeLimits.answer }

    init(body: HTTPBody.AsyncIterator, context: ResponseContext, reader: Reader) {
      self.body = body
      self.context = context
      self.reader = reader
      parser = ServerSentEventParser(maximumEventSize: Self.maximumSize)
    }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> Reader.Output? {
      do throws(ProviderFailure) {
        while true {
          guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
          if let event = pending.popFirst() { return event }
          if case .over = phase { return nil }
          if case .events = phase, let event = try nextServerSentEvent() {
            try take(event)
            continue
          }
          try await readOn(isolation: actor)
        }
      } catch {
        end()
        throw error
      }
    }

    private mutating func nextServerSentEvent() throws(ProviderFailure) -> ServerSentEvent? {
      do { return try parser.next() } catch {
        throw context.malformed("a part of the answer is longer than any is")
      }
    }

    private mutating func readOn(isolation actor: isolated (any Actor)?) async throws(ProviderFailure) {
      let chunk: Data?
      do {
        chunk = try await body?.next(isolation: actor)
      } catch {
        try lose(error)
        return
      }
      if let chunk { try take(chunk) } else { try takeEnd() }
    }

    private mutating func take(_ chunk: Data) throws(ProviderFailure) {
      switch phase {
      case .beginning:
        let first = chunk.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        switch first {
        case nil: parser.append(chunk)
        case UInt8(ascii: "{"): phase = .whole(chunk)
        case UInt8(ascii: "<"): throw context.malformed("the answer is a web page")
        default:
          phase = .events
          parser.append(chunk)
        }
      case .events:
        parser.append(chunk)
      case .whole(var data):
        phase = .over
        data += chunk
        guard data.count <= Self.maximumSize else {
          throw context.malformed("the answer is longer than any is")
        }
        phase = .whole(data)
      case .trailer(let rest):
        phase = .trailer(rest: rest - chunk.count)
        if rest < chunk.count { end() }
      case .over:
        break
      }
    }

    private mutating func take(_ event: ServerSentEvent) throws(ProviderFailure) {
      hasSeenEvent = true
      switch try reader.take(event, context) {
      case .more(let events): pending = events[...]
      case .last(let events):
        pending = events[...]
        close()
      }
    }

    /// The body has ended.
    private mutating func takeEnd() throws(ProviderFailure) {
      switch phase {
      case .beginning:
        throw ProviderFailure(.streamCut, status: context.status, message: "the answer is empty")
      case .events:
        let last: ServerSentEvent?
        do { last = try parser.finish() } catch {
          throw context.malformed("the answer is longer than any is")
        }
        if let last { try take(last) }
        // Its own events come first; then the end is looked at anew.
        guard pending.isEmpty, case .events = phase else { return }
        guard reader.isComplete else {
          throw hasSeenEvent
            ? ProviderFailure(.streamCut, status: context.status, message: "the answer has no end")
            : context.malformed("the answer is not a stream of events")
        }
        close()
      case .whole(let data):
        pending = try reader.takeWhole(data, context)[...]
        close()
      case .trailer, .over:
        end()
      }
    }

    /// The connection has failed. An answer whose end was announced is whole nevertheless.
    private mutating func lose(_ failure: TransportFailure) throws(ProviderFailure) {
      if failure.kind != .cancelled {
        if case .trailer = phase { return end() }
        if case .events = phase, reader.isComplete { return close() }
      }
      throw ProviderFailure(failure, isStreaming: true)
    }

    private mutating func close() {
      pending += reader.closingEvents()
      phase = .trailer(rest: 1 << 16)
    }

    private mutating func end() {
      phase = .over
      pending = []
      body = nil
    }
  }
}
