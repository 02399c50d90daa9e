import CompanionDomain
import CompanionPorts

/// The engine's own tool, by which the model that works on a task asks the person a question.
enum AskPerson {
  static let name = "ask_person"

  static let description = ToolDescription(
    name: name,
    summary:
      "Asks the person whose task this is a question, and waits for the answer. That may take hours, or no "
      + "answer may come. Ask only what you can neither find out nor decide, and all of it in one question.",
    parameters: [
      "type": "object", "required": ["question"], "additionalProperties": false,
      "properties": [
        "question": ["type": "string", "description": "What the person is asked, in the person's language"]
      ],
    ])

  /// The most characters of a question.
  static let maximumLength = 2000

  /// What a call asks, on a line that a person can trust.
  static func question(of call: ToolCall) throws(ToolFailure) -> String {
    let arguments = try ToolArguments(try ToolArguments.parse(call.arguments), names: ["question"])
    guard let question = try arguments.optionalString("question"),
      question.contains(where: { !$0.isWhitespace })
    else { throw .invalidArguments("“question” is missing.") }
    let length = question.unicodeScalars.count
    guard length <= maximumLength else {
      throw .invalidArguments(
        "“question” has \(length) characters, and \(maximumLength) are allowed.")
    }
    return question.visible(limit: .max)
  }

  /// What the model is told when nobody has answered in time.
  static let unanswered =
    "Nobody has answered in time. Do not ask this again. Go on with what is most likely, and say in the result what you "
    + "have assumed, or what is missing."
}
