/// What a pass takes of logs at a time: what was said and what was taken back, of one or several conversations.
///
/// What counts is what people say. The companion's own words are there to understand them by, where it was not
/// reminded of memories when it wrote them: it repeats what it is reminded of, and a memory must not feed itself.
/// Calls of tools, their results and announcements are no part of the talk.
package struct MemoryBatch: Sendable {
  /// What was said, in the order of its time.
  package private(set) var lines: [MemoryLine] = []
  /// What was said before, and has been changed since.
  package private(set) var corrections: [MemoryCorrection] = []
  /// How far each log has been read, from where to where.
  package private(set) var progress: [SessionID: Range<LogRevision>] = [:]
  /// What the lines come to.
  package private(set) var tokens = 0

  private let tokenLimit: Int
  private let correctsAppended: Bool
  private let cut: @Sendable (String, Int) -> (text: String, tokens: Int)
  private var appended: Set<MessagePlace> = []

  private struct MessagePlace: Hashable {
    var session: SessionID
    var sequence: SequenceNumber
  }

  /// The most tokens of the companion's own words that go with those of a person.
  private static let contextTokens = 60
  /// What a line's date and speaker come to, about.
  private static let tokensPerLine = 16

  /// - Parameters:
  ///   - tokenLimit: the batch is full when its lines have so many tokens.
  ///   - correctsAppended: whether a message that came in the batch, and was changed in it, counts as changed: for
  ///     a memory that may have heard of it by another way.
  ///   - cut: a text cut to a number of tokens, and how many it has.
  package init(
    tokenLimit: Int, correctsAppended: Bool = false,
    cut: @escaping @Sendable (String, Int) -> (text: String, tokens: Int)
  ) {
    self.tokenLimit = max(1, tokenLimit)
    self.correctsAppended = correctsAppended
    self.cut = cut
  }

  /// Whether no more should be taken.
  package var isFull: Bool { tokens >= tokenLimit }

  /// Whether there is nothing that a memory could be made of: what the companion says alone is not.
  package var isEmpty: Bool { corrections.isEmpty && !lines.contains { $0.speaker != nil } }

  /// The time of the newest line of a person.
  package var newest: Timestamp? { lines.filter { $0.speaker != nil }.map(\.time).max() }

  /// How long it is from the oldest line of a person to the newest.
  package var duration: Duration {
    let times = lines.filter { $0.speaker != nil }.map(\.time)
    guard let first = times.min(), let last = times.max() else { return .zero }
    return first.duration(to: last)
  }

  /// The messages of people, by conversation.
  package var spans: [SourceSpan] { Self.spans(of: lines) }

  /// The messages of people among lines, by conversation, in the order of their names.
  package static func spans(of lines: [MemoryLine]) -> [SourceSpan] {
    var spans: [SessionID: SourceSpan] = [:]
    for line in lines where line.speaker != nil {
      let span = SourceSpan(session: line.session, first: line.sequence, last: line.sequence, count: 1)
      spans[line.session] = spans[line.session]?.merging(span) ?? span
    }
    return spans.values.sorted { $0.session < $1.session }
  }

  /// Says from where a log is read. Its events follow.
  package mutating func begin(_ session: SessionID, from revision: LogRevision) {
    progress[session] = progress[session] ?? revision..<revision
  }

  /// Takes an event of a log; those of one log come in order.
  package mutating func take(_ event: LogEvent, of session: ChatSession) {
    let start = progress[session.id]?.lowerBound ?? event.revision
    progress[session.id] = start..<max(start, event.revision)
    let message = event.message
    let place = MessagePlace(session: session.id, sequence: message.sequence)
    switch event.kind {
    case .appended:
      appended.insert(place)
      take(message, of: session)
    case .edited(let old), .deleted(let old):
      // What came in this batch is in it as it is now.
      let words = MessagePart.text(of: old)
      guard correctsAppended || !appended.contains(place), !words.isEmpty,
        let line = line(of: message, in: session, isCorrection: true)
      else { return }
      corrections.append(MemoryCorrection(line: line.line, old: cut(words, tokenLimit / 2).text))
      tokens += line.tokens + cut(words, tokenLimit / 2).tokens
    }
  }

  /// The batch's lines in the order of their time; those of one conversation in the order of their places.
  package mutating func sortLines() {
    lines.sort {
      $0.session == $1.session
        ? $0.sequence < $1.sequence : ($0.time, $0.session) < ($1.time, $1.session)
    }
  }

  private mutating func take(_ message: ChatMessage, of session: ChatSession) {
    if message.change?.isDeletion == true { return }
    guard let line = line(of: message, in: session, isCorrection: false), !line.line.text.isEmpty else {
      return
    }
    lines.append(line.line)
    tokens += line.tokens
  }

  private func line(
    of message: ChatMessage, in session: ChatSession, isCorrection: Bool
  ) -> (line: MemoryLine, tokens: Int)? {
    let isSpoken = message.role == .user && message.origin == .person
    switch message.origin {
    case .person where isSpoken: break
    case .model where !message.isReminded && message.role == .assistant: break
    case .task where !message.isReminded && message.role == .assistant: break
    default: return nil
    }
    guard isSpoken || !isCorrection else { return nil }
    let (text, tokens) = cut(message.text, isSpoken ? max(1, tokenLimit / 2) : Self.contextTokens)
    let line = MemoryLine(
      session: session.id, sequence: message.sequence, time: message.time,
      speaker: session.speaker(of: message), text: text)
    return (line, tokens + Self.tokensPerLine)
  }
}

extension ChatMessage.Change {
  /// Whether the message was deleted.
  package var isDeletion: Bool {
    if case .deleted = self { true } else { false }
  }
}

extension MessagePart {
  /// The text among parts, joined.
  package static func text(of parts: [MessagePart]) -> String {
    parts.reduce(into: "") { text, part in
      if case .text(let more) = part { text += more }
    }
  }
}
