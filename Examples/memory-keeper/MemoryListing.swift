import CompanionKit
import ExampleSupport
import Foundation

/// Memories and facts, as text for a person.
struct MemoryListing {
  private let store: SQLiteStore
  private let style: Date.VerbatimFormatStyle

  init(keeper: Keeper) {
    store = keeper.store
    style = Date.VerbatimFormatStyle(
      format:
        "\(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
      locale: Locale(identifier: "en_US_POSIX"), timeZone: keeper.options.timeZone,
      calendar: Calendar(identifier: .gregorian))
  }

  /// A time, in the time zone of the command line: `2026-03-01 18:30`.
  func text(of time: Timestamp) -> String {
    Date(timeIntervalSince1970: Double(time.nanosecondsSinceEpoch) / 1e9).formatted(style)
  }

  /// A memory, below a line that says what it is and what from.
  func text(of memory: MemoryRecord) -> String {
    guard !memory.text.isEmpty else {
      return
        "  \(memory.key.kind.rawValue): \(memory.key.kind == .shortTerm ? "nothing goes on" : "nothing to remember")"
    }
    let sources = [
      memory.sourceCount > 0 ? counted(memory.sourceCount, "message", "messages") : nil,
      memory.merged.isEmpty ? nil : counted(memory.merged.count, "memory", "memories"),
    ]
    let model = memory.origin.model
    return """
        \(memory.key.kind.rawValue), version \(memory.version), \
      from \(sources.compactMap(\.self).joined(separator: " and ")), \
      \(text(of: memory.updatedAt)), \(model.provider)/\(model.model)
      \(indented(memory.text))
      """
  }

  /// A fact, above the words that it is taken from.
  func text(of fact: Fact) async throws(StoreFailure) -> String {
    var details: [String] = []
    if let from = fact.validFrom { details.append("since \(text(of: from))") }
    if let end = fact.validTo { details.append("until \(text(of: end))") }
    if fact.supersededBy != nil { details.append("superseded") }
    let mark = fact.supersededBy == nil ? "+" : "-"
    let tail = details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
    return "    \(mark) \(oneLine(fact.statement))\(tail)\n        " + (try await source(of: fact))
  }

  private func source(of fact: Fact) async throws(StoreFailure) -> String {
    switch fact.source {
    case .message(let quote):
      "“\(oneLine(quote.text))”, \(try await name(of: quote.session, quote.sequence))"
    case .statement(let user, _): "stated by \(user)"
    }
  }

  /// A message, as `forget message` takes it: `kitchen 3`.
  func name(of session: SessionID, _ sequence: SequenceNumber) async throws(StoreFailure) -> String {
    guard let place = try await store.session(session)?.place else { return "a message that is gone" }
    return [place.channel.rawValue, place.thread?.rawValue, "\(sequence.rawValue)"].compactMap(\.self)
      .joined(separator: " ")
  }

  func indented(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).map { "    \($0)" }.joined(separator: "\n")
  }

  private func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
