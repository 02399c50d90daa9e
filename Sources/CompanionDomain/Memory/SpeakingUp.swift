/// Whether the companion should say something by itself, as a model judges it.
public struct SpeakUpJudgement: Hashable, Sendable {
  /// Whether it should.
  public var shouldRespond: Bool
  /// Why, or why not.
  public var reason: String
  /// How sure that is, 0 to 1.
  public var confidence: Double

  /// A judgement of these parts.
  public init(shouldRespond: Bool, reason: String, confidence: Double) {
    self.shouldRespond = shouldRespond
    self.reason = reason
    self.confidence = confidence
  }

  /// For how long it is not asked again, unless something is said.
  package var lifetime: Duration {
    confidence >= 0.9 ? .seconds(12 * 3_600) : confidence >= 0.7 ? .seconds(3_600) : .seconds(600)
  }

  /// What a model is told to do.
  package static let instructions = """
    You judge whether an AI companion should say something by itself in a conversation in which nobody has \
    spoken for a while. It should when somebody waits for an answer that it owes, or when it can help with \
    something that was left open; it should not when the conversation has come to its end, when people talk \
    among themselves, or when it would only repeat itself. When in doubt it stays silent.
    Reply with one JSON object and nothing else: {"should_respond": true or false, "reason": one short \
    sentence, "confidence": from 0 to 1}.
    """

  /// The form of the answer.
  package static let schema: JSONValue = [
    "type": "object",
    "properties": [
      "should_respond": ["type": "boolean"],
      "reason": ["type": "string"],
      "confidence": ["type": "number"],
    ],
    "required": ["should_respond", "reason", "confidence"],
    "additionalProperties": false,
  ]

  /// Reads a model's answer, with whatever stands around the JSON; `nil` for anything else.
  package init?(answer: String) {
    guard let json = JSONInText.values(in: answer).first(where: { $0["should_respond"] != nil }),
      case .bool(let shouldRespond)? = json["should_respond"],
      let confidence = json["confidence"]?.number, confidence.isFinite
    else { return nil }
    self.init(
      shouldRespond: shouldRespond, reason: String((json["reason"]?.string ?? "").prefix(500)),
      confidence: min(max(confidence, 0), 1))
  }
}
