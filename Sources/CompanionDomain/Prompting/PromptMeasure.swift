/// Counts the tokens of what is really sent: texts, calls and results of tools, descriptions of tools, and what the
/// format of each adds.
struct PromptMeasure {
  private let count: (String) -> Int
  /// What the format of a message, a call, a result or a tool adds.
  let overhead: Int

  /// - Parameters:
  ///   - overhead: less than 0 counts as 0.
  ///   - count: less than 0 counts as 0.
  init(overhead: Int, count: @escaping (String) -> Int) {
    self.overhead = max(overhead, 0)
    self.count = count
  }

  func tokens(of text: String) -> Int { text.isEmpty ? 0 : max(count(text), 0) }

  func tokens(of message: PromptMessage) -> Int {
    message.parts.reduce(overhead) { sum, part in
      let tokens =
        switch part {
        case .text(let text): tokens(of: text)
        case .toolCall(let call):
          overhead.saturatingSum(tokens(of: call.id)).saturatingSum(tokens(of: call.name))
            .saturatingSum(tokens(of: call.arguments))
        case .toolResult(let result):
          overhead.saturatingSum(tokens(of: result.callID)).saturatingSum(tokens(of: result.content))
        }
      return sum.saturatingSum(tokens)
    }
  }

  func tokens(of messages: some Sequence<PromptMessage>) -> Int {
    messages.reduce(0) { $0.saturatingSum(tokens(of: $1)) }
  }

  func tokens(of tools: [ToolDescription]) -> Int {
    tools.reduce(0) { sum, tool in
      sum.saturatingSum(overhead).saturatingSum(tokens(of: tool.name))
        .saturatingSum(tokens(of: tool.summary)).saturatingSum(tokens(of: tool.parameters.plainText))
    }
  }
}

extension JSONValue {
  /// The value as JSON text without white space, its members in the order of their names; a number that JSON does not
  /// have is `null`.
  ///
  /// It is written without recursion, however deep the value is.
  package var plainText: String {
    enum Piece {
      case value(JSONValue)
      case text(String)
    }
    var text = ""
    var pieces = [Piece.value(self)]
    func push(_ more: [Piece]) { pieces.append(contentsOf: more.reversed()) }
    while let piece = pieces.popLast() {
      switch piece {
      case .text(let more): text += more
      case .value(.null): text += "null"
      case .value(.bool(let value)): text += value ? "true" : "false"
      case .value(.integer(let value)): text += String(value)
      case .value(.number(let value)): text += value.isFinite ? String(value) : "null"
      case .value(.string(let value)): text += Self.quoted(value)
      case .value(.array(let elements)):
        text += "["
        push(elements.enumerated().flatMap { [.text($0 > 0 ? "," : ""), .value($1)] } + [.text("]")])
      case .value(.object(let members)):
        text += "{"
        let sorted = members.sorted { $0.key < $1.key }
        push(
          sorted.enumerated().flatMap { place, member in
            [.text((place > 0 ? "," : "") + Self.quoted(member.key) + ":"), .value(member.value)]
          } + [.text("}")])
      }
    }
    return text
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
