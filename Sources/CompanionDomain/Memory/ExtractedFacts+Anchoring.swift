/// A fact whose words are there.
package struct AnchoredFact: Hashable, Sendable {
  package var subject: String
  package var statement: String
  package var validFrom: Timestamp?
  package var validTo: Timestamp?
  /// 0 to 1.
  package var confidence: Double
  /// The line that it comes from: its place among those that were given, from 0.
  package var line: Int
  /// The words of the message, as they stand in it.
  package var quote: MessageQuote
}

/// A fact that is not believed.
package struct RejectedFact: Hashable, Sendable {
  /// Why it is not.
  package enum Reason: String, Hashable, Sendable, CaseIterable {
    /// It says nothing.
    case empty
    /// It is longer than a fact is.
    case tooLong = "too long"
    /// Nobody said the words that it quotes.
    case notSaid = "not said"
    /// Only the companion said them.
    case saidByCompanion = "said by the companion"
  }

  package var item: ExtractedFacts.Item
  package var reason: Reason
}

extension ExtractedFacts {
  /// The most characters of a statement.
  package static let longestStatement = 500
  /// The most characters of a quote.
  package static let longestQuote = 1000
  /// The most characters of a subject.
  package static let longestSubject = 128

  /// Those whose words a person has said, and the others.
  ///
  /// The words are looked for in the line that a fact names, then in the others, the nearest first. White space
  /// may differ: then the quote becomes what the message has. A fact without a subject is about who said it.
  ///
  /// Complexity: facts times the length of the lines.
  package func anchored(
    in lines: [MemoryLine]
  ) -> (facts: [AnchoredFact], rejected: [RejectedFact]) {
    var facts: [AnchoredFact] = []
    var rejected: [RejectedFact] = []
    for item in items {
      do throws(Rejection) {
        facts.append(try Self.anchored(item, in: lines))
      } catch {
        rejected.append(RejectedFact(item: item, reason: error.reason))
      }
    }
    return (facts, rejected)
  }

  private struct Rejection: Error { var reason: RejectedFact.Reason }

  private static func anchored(
    _ item: Item, in lines: [MemoryLine]
  ) throws(Rejection) -> AnchoredFact {
    guard !item.statement.isEmpty, !item.quote.isEmpty else { throw Rejection(reason: .empty) }
    guard item.statement.count <= longestStatement, item.quote.count <= longestQuote,
      item.subject.count <= longestSubject
    else { throw Rejection(reason: .tooLong) }
    let words = QuotedWords(item.quote)
    let named = item.line - 1
    // A word or less is found anywhere: it counts only where it is said to be.
    let isTelling = TextAnalysis.terms(of: item.quote).count > 1
    let order = lines.indices.filter { $0 == named || isTelling }
      .sorted { (distance(from: named, to: $0), $0) < (distance(from: named, to: $1), $1) }
    var isOfCompanion = false
    for place in order {
      let line = lines[place]
      guard let text = words.found(in: line.text) else { continue }
      guard let speaker = line.speaker else {
        isOfCompanion = true
        continue
      }
      return AnchoredFact(
        subject: item.subject.isEmpty ? speaker.rawValue : item.subject, statement: item.statement,
        validFrom: item.validFrom, validTo: item.validTo, confidence: item.confidence, line: place,
        quote: MessageQuote(session: line.session, sequence: line.sequence, text: text))
    }
    throw Rejection(reason: isOfCompanion ? .saidByCompanion : .notSaid)
  }

  private static func distance(from named: Int, to place: Int) -> UInt {
    let (difference, overflow) = place.subtractingReportingOverflow(named)
    return overflow ? .max : difference.magnitude
  }
}

/// Words that shall be in a message, with whatever white space between them.
private struct QuotedWords {
  private let text: String
  private let scalars: [Unicode.Scalar]

  /// Models put quotation marks around what they quote.
  init(_ quote: String) {
    var text = quote[...]
    while let first = text.first, let last = text.last, text.count > 2,
      Self.marks.contains(where: { $0.0 == first && $0.1 == last })
    {
      text = text.dropFirst().dropLast()
    }
    self.text = quote
    scalars = text.unicodeScalars.filter { !$0.properties.isWhitespace }
  }

  private static let marks: [(Character, Character)] = [
    ("\"", "\""), ("'", "'"), ("“", "”"), ("‘", "’"), ("「", "」"), ("『", "』"), ("«", "»"),
  ]

  /// What a message has of them; `nil` where they are not in it.
  func found(in message: String) -> String? {
    if message.utf8.firstRange(of: text.utf8) != nil { return text }
    guard !scalars.isEmpty else { return nil }
    var places: [String.Index] = []
    var said: [Unicode.Scalar] = []
    for place in message.unicodeScalars.indices where !message.unicodeScalars[place].properties.isWhitespace {
      places.append(place)
      said.append(message.unicodeScalars[place])
    }
    guard let range = said.firstRange(of: scalars), let first = range.first, let last = range.last else {
      return nil
    }
    let end = message.unicodeScalars.index(after: places[last])
    return String(message.unicodeScalars[places[first]..<end])
  }
}
