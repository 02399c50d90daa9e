import CompanionKit
import Foundation

/// A time for a person, rounded up: `1 s`, `30 min`, `1 h 30 min`, `2 d 3 h`.
func span(_ duration: Duration) -> String {
  let seconds = Int((max(duration, .zero) / .seconds(1)).rounded(.up))
  if seconds < 120 { return "\(seconds) s" }
  let minutes = (seconds + 59) / 60
  if minutes < 60 { return "\(minutes) min" }
  if minutes <= 48 * 60 { return "\(minutes / 60) h" + (minutes % 60 > 0 ? " \(minutes % 60) min" : "") }
  let hours = (minutes + 59) / 60
  return "\(hours / 24) d" + (hours % 24 > 0 ? " \(hours % 24) h" : "")
}

/// An amount of money to four digits that say something.
func amount(_ value: Double) -> String {
  value.formatted(
    .number.precision(.significantDigits(1...4)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
}

/// Amounts of money of several currencies, and whether they are all there is; `-` for none.
func sum(_ costs: [String: Double], isWhole: Bool) -> String {
  let known = costs.sorted { $0.key < $1.key }.map { "\(amount($0.value)) \($0.key)" }
  let parts = known + (isWhole ? [] : ["unknown"])
  return parts.isEmpty ? "-" : parts.joined(separator: " + ")
}

extension Timestamp {
  /// The time of day, in UTC: `09:30:00Z`.
  var clock: String { description.dropFirst(11).prefix(8) + "Z" }

  /// The date and the time of day, in UTC: `2026-03-01 09:30:00Z`.
  var clockAndDate: String { "\(description.prefix(10)) \(clock)" }

  /// The time of day; with the date, where that is another one than today's.
  func clock(on today: Timestamp) -> String {
    description.prefix(10) == today.description.prefix(10) ? clock : clockAndDate
  }
}

extension ProviderFailure {
  /// What happened, in a few words.
  var inShort: String {
    var details = status.map { ["HTTP \($0)"] } ?? []
    if !message.isEmpty { details.append(message.count > 60 ? "\(message.prefix(59))…" : message) }
    return details.isEmpty ? kind.words : "\(kind.words) (\(details.joined(separator: ": ")))"
  }
}

extension ProviderFailure.Kind {
  /// The name as words: `rate limited`.
  var words: String {
    rawValue.reduce(into: "") { words, character in
      words += character.isUppercase ? " \(character.lowercased())" : "\(character)"
    }
  }
}

/// Rows of text in columns.
enum TextTable {
  /// A line for each row, the columns two spaces apart.
  static func lines(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
