import CompanionKit
import FoundationEssentials

/// A line of a file of conversations: a message, and where it was said.
struct LoggedLine {
  /// The line's number in the file, from 1.
  var number: Int
  /// Where it was said.
  var place: ConversationPlace
  /// The message's place in its conversation, from 1.
  var sequence: SequenceNumber
  /// Who said it; `nil` for the companion.
  var speaker: UserID?
  var time: Timestamp
  var text: String
}

/// Reads lines of JSON.
struct LineReader {
  let workspace: WorkspaceID
  /// The speaker whose lines are the companion's.
  let companion: String

  private let decoder = JSONDecoder()

  init(workspace: WorkspaceID, companion: String) {
    self.workspace = workspace
    self.companion = companion
  }

  /// Reads a line. Its place in its conversation is left open.
  func read(_ json: Data, number: Int) throws(LineProblem) -> LoggedLine {
    guard let fields = try? decoder.decode(Fields.self, from: json) else { throw problem(in: json) }
    let text: String
    do throws(MessageRefusal) {
      text = try UserText(fields.text).string
    } catch {
      throw LineProblem("\"text\": \(error)")
    }
    var thread: ThreadID?
    if let name = fields.thread { thread = try identifier(name, "thread") }
    let channel: ChannelID = try identifier(fields.channel, "channel")
    guard !channel.isPersonal else { throw mark(at: fields.channel, "channel") }
    let place = ConversationPlace(workspace: workspace, channel: channel, thread: thread)
    guard LoggedSession.id(of: place) != nil else {
      throw LineProblem(
        "the names of workspace, channel and thread have more than \(LoggedSession.nameBytes) bytes together, "
          + "where each % and each / counts three")
    }
    return LoggedLine(
      number: number, place: place, sequence: .zero,
      speaker: fields.speaker == companion ? nil : try speaker(fields.speaker),
      time: try fields.time.timestamp(), text: text)
  }

  private func speaker(_ name: String) throws(LineProblem) -> UserID {
    let speaker: UserID = try identifier(name, "speaker")
    guard !speaker.isReserved else { throw mark(at: name, "speaker") }
    return speaker
  }

  private func mark(at text: String, _ field: String) -> LineProblem {
    LineProblem("\"\(field)\" is to be a name without ~ at its start, and is \"\(text)\"")
  }

  private func identifier<Name: Identifier>(_ text: String, _ field: String) throws(LineProblem) -> Name {
    guard let name = Name(rawValue: text) else {
      throw LineProblem("\"\(field)\" is to be a name of 1 to 128 bytes without spaces, and is \"\(text)\"")
    }
    return name
  }

  /// What is wrong with a line that could not be decoded.
  private func problem(in json: Data) -> LineProblem {
    guard let value = JSONValue(json: json) else { return LineProblem("it is not JSON") }
    guard case .object(let members) = value else { return LineProblem("it is no JSON object") }
    for field in ["channel", "speaker", "text"] where members[field]?.string == nil {
      return LineProblem("\"\(field)\" is \(members[field] == nil ? "missing" : "no string")")
    }
    guard let time = members["time"] else { return LineProblem("\"time\" is missing") }
    guard time.string != nil || time.number != nil else {
      return LineProblem("\"time\" is neither text nor a number")
    }
    return LineProblem("\"thread\" is no string")
  }
}

/// What is wrong with a line.
struct LineProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

private struct Fields: Decodable {
  let channel: String
  let thread: String?
  let speaker: String
  let time: LoggedTime
  let text: String
}

/// A time, as it is written in a line.
private enum LoggedTime: Decodable {
  case text(String)
  case seconds(Double)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .seconds(try container.decode(Double.self))
    }
  }

  func timestamp() throws(LineProblem) -> Timestamp {
    var seconds: Double
    switch self {
    case .seconds(let number): seconds = number
    case .text(let text):
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
      guard let date = try? style.parse(text) else {
        throw LineProblem(
          "\"time\" is to be like 2026-03-01T09:30:00Z, 2026-03-01T18:30:00+09:00 or a number of seconds "
            + "since 1970, and is \"\(text)\"")
      }
      seconds = date.timeIntervalSince1970
    }
    // The years from 1678 to 2262: what a store can hold.
    guard seconds.isFinite, abs(seconds) < 9_200_000_000 else {
      throw LineProblem("\"time\" is out of the range of years that can be stored")
    }
    // To the millisecond, which is as exact as a floating-point number of seconds is in any year.
    let milliseconds = Int64((seconds * 1000).rounded())
    return Timestamp(nanosecondsSinceEpoch: milliseconds * 1_000_000)
  }
}
