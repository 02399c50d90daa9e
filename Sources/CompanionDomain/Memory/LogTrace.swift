/// A message of a log, as far as it matters for whose it is.
package struct LogTrace: Hashable, Sendable {
  package var sequence: SequenceNumber
  package var turn: TurnID
  /// Who said it; `nil` where no person did.
  package var speaker: UserID?
  /// Whether the log has words of it, be it only from before it was deleted.
  package var hasWords: Bool

  package init(sequence: SequenceNumber, turn: TurnID, speaker: UserID?, hasWords: Bool = true) {
    self.sequence = sequence
    self.turn = turn
    self.speaker = speaker
    self.hasWords = hasWords
  }
}

extension [LogTrace] {
  /// Reads the next event of a log; they come in order, from the first.
  package mutating func read(_ event: LogEvent, of session: ChatSession) {
    let message = event.message
    switch event.kind {
    case .appended:
      // Of a deleted message the event of the deletion knows whether there are words.
      append(
        LogTrace(
          sequence: message.sequence, turn: message.turn, speaker: session.speaker(of: message),
          hasWords: !message.isDeleted))
    case .edited(let old), .deleted(let old):
      let index = Int(clamping: message.sequence.rawValue) - 1
      if indices.contains(index), !old.isEmpty { self[index].hasWords = true }
    }
  }

  /// What a person has said, and what the companion has made of it in the same turns.
  package func traces(of person: UserID) -> [LogTrace] {
    let turns = Set(filter { $0.speaker == person }.map(\.turn))
    return filter { $0.speaker == person || ($0.speaker == nil && turns.contains($0.turn)) }
  }

  /// A message, and what the companion has said in its turn.
  package func traces(of sequence: SequenceNumber) -> [LogTrace] {
    guard let turn = first(where: { $0.sequence == sequence })?.turn else { return [] }
    return filter { $0.sequence == sequence || ($0.speaker == nil && $0.turn == turn) }
  }
}
