import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A prompt in the order that the Messages API asks for.
///
/// Neighbours of one role are one message, the results of tools come first in theirs, the first message is a
/// user's, and there is no text of nothing but white space. Calls have names of their own within the prompt,
/// of the characters that the API takes: a conversation may have come from other providers.
struct AnthropicPrompt {
  /// What the host says, joined; empty where it says nothing.
  private(set) var system = ""
  /// The messages as the API has them.
  var messages: [JSONValue] { turns.map(\.json) }
  /// Whether the last answer in it is a call: the model goes on with it.
  var endsWithCall: Bool { turns.last { $0.role == "assistant" }?.calls ?? false }
  /// The tools that are called in it.
  private(set) var calledTools: Set<String> = []

  /// Stands where a prompt does not begin with the user: the API asks for somebody to answer.
  private static let opening = "…"

  private var turns: [Turn] = []
  /// The API's name for each call, by its own: the last one, where a name comes again.
  private var callIDs: [String: String] = [:]
  private var usedIDs: Set<String> = []

  private struct Turn {
    var role: String
    var results: [JSONValue] = []
    var content: [JSONValue] = []
    var calls = false

    var json: JSONValue { ["role": .string(role), "content": .array(results + content)] }
  }

  init(_ messages: [PromptMessage]) {
    for message in messages {
      if message.role == .system {
        append(system: message.text)
      } else {
        for part in message.parts { append(part, of: message.role) }
      }
    }
    let isSpoken = !turns.isEmpty || !system.isEmpty
    if isSpoken, turns.first?.role != "user" {
      turns.insert(Turn(role: "user", content: [Self.text(Self.opening)]), at: 0)
    }
  }

  private mutating func append(system text: String) {
    guard !Self.isBlank(text) else { return }
    system += (system.isEmpty ? "" : "\n\n") + text
  }

  private mutating func append(_ part: MessagePart, of role: PromptMessage.Role) {
    switch part {
    case .text(let text):
      guard !Self.isBlank(text) else { return }
      let index = turn(of: role == .assistant ? "assistant" : "user")
      turns[index].content.append(Self.text(text))
    case .toolCall(let call):
      calledTools.insert(call.name)
      let index = turn(of: "assistant")
      turns[index].calls = true
      turns[index].content.append([
        "type": "tool_use", "id": .string(newID(for: call.id)), "name": .string(call.name),
        "input": Self.input(call.arguments),
      ])
    case .toolResult(let result):
      var block: [String: JSONValue] = [
        "type": "tool_result",
        "tool_use_id": .string(callIDs[result.callID] ?? Self.permitted(result.callID)),
      ]
      if !Self.isBlank(result.content) { block["content"] = .string(result.content) }
      if result.outcome != .succeeded { block["is_error"] = true }
      let index = turn(of: "user")
      turns[index].results.append(.object(block))
    }
  }

  /// The turn that something of a role belongs to: the last one, or a new one.
  private mutating func turn(of role: String) -> Int {
    if turns.last?.role != role { turns.append(Turn(role: role)) }
    return turns.count - 1
  }

  private mutating func newID(for id: String) -> String {
    var newID = Self.permitted(id)
    while !usedIDs.insert(newID).inserted { newID += "_" }
    callIDs[id] = newID
    return newID
  }

  private static func permitted(_ id: String) -> String {
    let characters = id.unicodeScalars.map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        || scalar == "_" || scalar == "-" ? Character(scalar) : "_"
    }
    return characters.isEmpty ? "call" : String(characters)
  }

  private static func text(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

  /// Arguments as the object that the API asks for; what is none goes into one.
  private static func input(_ arguments: String) -> JSONValue {
    guard !isBlank(arguments) else { return [:] }
    guard let json = JSONValue(json: Data(arguments.utf8)) else { return ["arguments": .string(arguments)] }
    if case .object = json { return json }
    return ["arguments": json]
  }
}
