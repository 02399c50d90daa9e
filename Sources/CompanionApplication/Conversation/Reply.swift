public import CompanionDomain
public import CompanionPorts

/// An answer as it is given, piece by piece.
///
/// ```swift
/// for try await text in try await companion.send("Good morning") {
///   print(text, terminator: "")
/// }
/// ```
///
/// The model waits for the consumer: whoever takes the pieces slowly slows the answer down, and nothing is
/// dropped. When the sequence ends, the answer is in the conversation's log. It ends early, without an
/// error, when the answer is interrupted; ``outcome`` tells. Letting go of a reply interrupts it.
///
/// There is one consumer. A second one ends the first.
public final class Reply: AsyncSequence, Sendable {
  /// A piece of the answer's text; never empty.
  public typealias Element = String
  /// Why the answer is not whole.
  public typealias Failure = ChatFailure

  private let channel: ReplyChannel

  init(channel: ReplyChannel) { self.channel = channel }

  deinit { channel.interrupt(.abandoned) }

  /// The turn that this answers; events of the turn carry it.
  public var turn: TurnID { channel.turn }

  /// How the turn ended; `nil` while it goes on.
  public var outcome: TurnOutcome? { channel.outcome }

  /// Stops the answer. What was delivered is kept, marked as interrupted.
  public func interrupt() { channel.interrupt(.stopped) }

  /// Takes the whole answer.
  ///
  /// - Returns: the text; what was delivered of it when the answer was interrupted.
  public func text() async throws(ChatFailure) -> String {
    var text = ""
    for try await piece in self { text += piece }
    return text
  }

  /// The consumer's end.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reply: self) }

  /// Takes an answer piece by piece.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let reply: Reply

    /// The next piece; `nil` when the answer is over. Asking for it says that the pieces before have been
    /// shown.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ChatFailure) -> String? {
      try await reply.channel.next().get()
    }

    /// The next piece; see ``next(isolation:)``.
    public mutating func next() async throws(ChatFailure) -> String? {
      try await reply.channel.next().get()
    }
  }
}
