/// What a model has made of the material for facts, before any of it is believed.
package struct ExtractedFacts: Hashable, Sendable {
  /// One of the facts that it has found.
  package struct Item: Hashable, Sendable {
    /// Who or what it is about.
    package var subject: String
    package var statement: String
    /// The words that it is taken from.
    package var quote: String
    /// The number of the line that has them, from 1; 0 where none is named.
    package var line: Int
    package var validFrom: Timestamp?
    package var validTo: Timestamp?
    /// 0 to 1.
    package var confidence: Double
  }

  /// In the model's order.
  package private(set) var items: [Item]
  /// How many more there were, which could not be read.
  package private(set) var skipped: Int

  /// The name of the schema in a request.
  package static let schemaName = "facts"

  /// The JSON schema that the answer follows.
  package static let schema: JSONValue = [
    "type": "object",
    "additionalProperties": false,
    "required": ["facts"],
    "properties": [
      "facts": [
        "type": "array",
        "items": [
          "type": "object",
          "additionalProperties": false,
          "required": [
            "subject", "statement", "quote", "message", "valid_from", "valid_to", "confidence",
          ],
          "properties": [
            "subject": ["type": "string"],
            "statement": ["type": "string"],
            "quote": ["type": "string"],
            "message": ["type": "integer"],
            "valid_from": ["type": "string"],
            "valid_to": ["type": "string"],
            "confidence": ["type": "number"],
          ],
        ],
      ]
    ],
  ]

  /// Reads an answer. What stands around the JSON does not matter, nor that single facts have another form.
  ///
  /// - Parameter calendar: where the days begin that the answer names.
  package init(answer: String, calendar: MemoryCalendar) throws(MemoryAnswerFailure) {
    let values = JSONInText.values(in: answer)
    if let list = values.lazy.compactMap(Self.list).first {
      items = list.compactMap { Item($0, calendar: calendar) }
      skipped = list.count - items.count
    } else {
      // An answer that was cut off has no whole list; the fact that was cut is one that cannot be read.
      items = values.compactMap { Item($0, calendar: calendar) }
      guard !items.isEmpty else { throw .noList(of: Self.schemaName) }
      skipped = 1
    }
  }

  /// The answer that gives these facts, as a model that follows the schema gives it.
  package static func answer(_ items: [Item], calendar: MemoryCalendar) -> JSONValue {
    ["facts": .array(items.map { $0.json(calendar) })]
  }

  private static func list(_ value: JSONValue) -> [JSONValue]? {
    if let list = value[schemaName]?.array { return list }
    // A bare list: of facts, or empty.
    guard let list = value.array, list.allSatisfy({ $0["statement"] != nil }) else { return nil }
    return list
  }
}

/// Why a model's answer is of no use for memory.
package enum MemoryAnswerFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no JSON in it that has a list of this name.
  case noList(of: String)

  /// One line for a person.
  package var description: String {
    switch self {
    case .noList(let name): "The model's answer has no JSON with a list of \(name)."
    }
  }
}

extension ExtractedFacts.Item {
  /// Reads one; `nil` without statement or quote. A subject may be missing, and what else is unreadable counts
  /// as not said.
  fileprivate init?(_ json: JSONValue, calendar: MemoryCalendar) {
    guard let statement = json["statement"]?.string, let quote = json["quote"]?.string else { return nil }
    subject = MemoryBlock.flattened(json["subject"]?.string ?? "").trimmed
    self.statement = MemoryBlock.flattened(statement).trimmed
    self.quote = quote.trimmed
    line = json["message"].flatMap(Self.whole) ?? 0
    validFrom = json["valid_from"]?.string.flatMap { NamedDays($0)?.start(in: calendar) }
    validTo = json["valid_to"]?.string.flatMap { NamedDays($0)?.end(in: calendar) }
    // An end before the beginning tells nothing.
    if let from = validFrom, let to = validTo, to <= from { (validFrom, validTo) = (nil, nil) }
    let sure = json["confidence"].flatMap { $0.number ?? $0.string.flatMap { Double($0) } }
    confidence = sure.map { $0.isFinite ? min(1, max(0, $0)) : 0 } ?? Self.unsaidConfidence
  }

  private static let unsaidConfidence = 0.5

  private static func whole(_ value: JSONValue) -> Int? {
    switch value {
    case .integer(let number): Int(exactly: number)
    case .number(let number): Int(exactly: number)
    case .string(let text): Int(text.trimmingPrefix("[").prefix { $0.isASCII && $0.isNumber })
    default: nil
    }
  }

  fileprivate func json(_ calendar: MemoryCalendar) -> JSONValue {
    [
      "subject": .string(subject), "statement": .string(statement), "quote": .string(quote),
      "message": .integer(Int64(line)),
      "valid_from": .string(validFrom.map(calendar.day) ?? ""),
      // The last day, of which the end is the first moment behind it.
      "valid_to": .string(validTo.map { calendar.day(of: $0.advanced(by: .nanoseconds(-1))) } ?? ""),
      "confidence": .number(confidence),
    ]
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}

/// A day, a month or a year, as in ISO 8601; a time of day behind it does not count.
private struct NamedDays {
  private let year: Int
  private let month: Int?
  private let day: Int?

  init?(_ text: String) {
    let date = text.trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == "-") }
    let parts = date.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), parts[0].count == 4, let year = Int(parts[0]) else { return nil }
    let rest = parts.dropFirst().map { Int($0) }
    guard rest.allSatisfy({ $0 != nil }) else { return nil }
    self.year = year
    month = rest.first ?? nil
    day = rest.count > 1 ? rest[1] : nil
  }

  func start(in calendar: MemoryCalendar) -> Timestamp? {
    calendar.start(ofYear: year, month: month ?? 1, day: day ?? 1)
  }

  /// The first moment behind them.
  func end(in calendar: MemoryCalendar) -> Timestamp? {
    // What is no date has no end either.
    guard start(in: calendar) != nil else { return nil }
    var next = CivilDate(year: year, month: month ?? 1, day: day ?? 1)
    if day != nil {
      next = CivilDate(daysSinceEpoch: next.daysSinceEpoch + 1)
    } else if let month, month < 12 {
      next.month = month + 1
    } else {
      next.year += 1
      next.month = 1
    }
    return calendar.start(ofYear: next.year, month: next.month, day: next.day)
  }
}
