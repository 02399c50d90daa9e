import CompanionDomain
import CompanionPorts

/// One chunk of a streamed answer, or a whole one: they differ in the name of a member.
///
/// Every member may be missing, since the servers that speak this API do not agree on them.
struct ChatChunk: Decodable {
  struct Choice: Decodable {
    var index: Int?
    var delta: Piece?
    var message: Piece?
    var finishReason: String?

    private enum CodingKeys: String, CodingKey {
      case index, delta, message
      case finishReason = "finish_reason"
    }
  }

  struct Piece: Decodable {
    var content: String?
    var refusal: String?
    var reasoningContent: String?
    var reasoning: String?
    var toolCalls: [ToolPiece]?

    private enum CodingKeys: String, CodingKey {
      case content, refusal, reasoning
      case reasoningContent = "reasoning_content"
      case toolCalls = "tool_calls"
    }
  }

  struct ToolPiece: Decodable {
    struct Function: Decodable {
      var name: String?
      var arguments: String?
    }

    var index: Int?
    var id: String?
    var function: Function?
  }

  struct Usage: Decodable {
    struct InputDetails: Decodable {
      var cachedTokens: Int?
      private enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
    }

    struct OutputDetails: Decodable {
      var reasoningTokens: Int?
      private enum CodingKeys: String, CodingKey { case reasoningTokens = "reasoning_tokens" }
    }

    var promptTokens: Int?
    var completionTokens: Int?
    var totalTokens: Int?
    var promptDetails: InputDetails?
    var completionDetails: OutputDetails?

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
      case totalTokens = "total_tokens"
      case promptDetails = "prompt_tokens_details"
      case completionDetails = "completion_tokens_details"
    }
  }

  var choices: [Choice]?
  var usage: Usage?
  var error: JSONValue?
  var object: String?

  private enum CodingKeys: String, CodingKey { case choices, usage, error, object }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    choices = try container.decodeIfPresent([Choice].self, forKey: .choices)
    // Tokens that nobody can count do not spoil an answer: they are unknown.
    usage = try? container.decodeIfPresent(Usage.self, forKey: .usage)
    error = try container.decodeIfPresent(JSONValue.self, forKey: .error)
    object = try container.decodeIfPresent(String.self, forKey: .object)
  }
}

extension TokenUsage {
  /// The usage as it is reported; `nil` where neither side is. A side that is missing follows from the total.
  init?(_ usage: ChatChunk.Usage) {
    self.init(
      reportedInput: usage.promptTokens, output: usage.completionTokens, total: usage.totalTokens)
    cachedInput = usage.promptDetails?.cachedTokens
    reasoning = usage.completionDetails?.reasoningTokens
  }

  /// The usage of which not all may be reported; `nil` where neither side is known or follows from the total.
  init?(reportedInput: Int?, output reportedOutput: Int?, total: Int?) {
    guard let input = reportedInput ?? Self.rest(of: total, without: reportedOutput),
      let output = reportedOutput ?? Self.rest(of: total, without: reportedInput)
    else { return nil }
    self.init(input: input, output: output)
  }

  private static func rest(of total: Int?, without part: Int?) -> Int? {
    guard let total, let part else { return nil }
    let (rest, overflow) = total.subtractingReportingOverflow(part)
    return overflow ? nil : max(0, rest)
  }
}
