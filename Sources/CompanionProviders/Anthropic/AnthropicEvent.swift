import CompanionDomain
import CompanionPorts

/// One event of a streamed answer.
struct AnthropicEvent: Decodable {
  struct Delta: Decodable {
    var type: String?
    var text: String?
    var thinking: String?
    var partialJSON: String?
    var stopReason: String?
    var stopDetails: AnthropicMessage.StopDetails?

    private enum CodingKeys: String, CodingKey {
      case type, text, thinking
      case partialJSON = "partial_json"
      case stopReason = "stop_reason"
      case stopDetails = "stop_details"
    }
  }

  var type: String
  var index: Int?
  var message: AnthropicMessage?
  var block: AnthropicMessage.Block?
  var delta: Delta?
  var usage: AnthropicMessage.Usage?

  private enum CodingKeys: String, CodingKey {
    case type, index, message, delta, usage
    case block = "content_block"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    type = try container.decode(String.self, forKey: .type)
    index = try container.decodeIfPresent(Int.self, forKey: .index)
    message = try container.decodeIfPresent(AnthropicMessage.self, forKey: .message)
    block = try container.decodeIfPresent(AnthropicMessage.Block.self, forKey: .block)
    delta = try container.decodeIfPresent(Delta.self, forKey: .delta)
    // Tokens that nobody can count do not spoil an answer: they are unknown.
    usage = try? container.decodeIfPresent(AnthropicMessage.Usage.self, forKey: .usage)
  }
}

/// A whole answer, or the frame of a streamed one.
struct AnthropicMessage: Decodable {
  struct Block: Decodable {
    var type: String
    var text: String?
    var thinking: String?
    var id: String?
    var name: String?
    var input: JSONValue?
  }

  struct StopDetails: Decodable {
    var category: String?
  }

  struct Usage: Decodable {
    struct OutputDetails: Decodable {
      var thinkingTokens: Int?
      private enum CodingKeys: String, CodingKey { case thinkingTokens = "thinking_tokens" }
    }

    var input: Int?
    var cacheRead: Int?
    var cacheCreation: Int?
    var output: Int?
    var outputDetails: OutputDetails?

    private enum CodingKeys: String, CodingKey {
      case input = "input_tokens"
      case cacheRead = "cache_read_input_tokens"
      case cacheCreation = "cache_creation_input_tokens"
      case output = "output_tokens"
      case outputDetails = "output_tokens_details"
    }
  }

  var content: [Block]?
  var stopReason: String?
  var stopDetails: StopDetails?
  var usage: Usage?

  private enum CodingKeys: String, CodingKey {
    case content, usage
    case stopReason = "stop_reason"
    case stopDetails = "stop_details"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    content = try container.decodeIfPresent([Block].self, forKey: .content)
    stopReason = try container.decodeIfPresent(String.self, forKey: .stopReason)
    stopDetails = try? container.decodeIfPresent(StopDetails.self, forKey: .stopDetails)
    usage = try? container.decodeIfPresent(Usage.self, forKey: .usage)
  }
}

extension AnthropicMessage.Usage {
  /// The same with what a later report adds. The counts of a stream only grow.
  func merging(_ later: Self) -> Self {
    func larger(_ one: Int?, _ other: Int?) -> Int? { [one, other].compactMap(\.self).max() }
    var usage = self
    usage.input = larger(input, later.input)
    usage.cacheRead = larger(cacheRead, later.cacheRead)
    usage.cacheCreation = larger(cacheCreation, later.cacheCreation)
    usage.output = larger(output, later.output)
    usage.outputDetails = later.outputDetails ?? outputDetails
    return usage
  }

  /// The usage as it is counted here; `nil` where a side is missing. The API counts what it read from its
  /// cache, and what it wrote there, beside the input.
  var counted: TokenUsage? {
    guard let input, let output else { return nil }
    let parts = [input, cacheRead ?? 0, cacheCreation ?? 0]
    let sum = parts.reduce(0) { sum, part in
      let (next, overflow) = sum.addingReportingOverflow(max(0, part))
      return overflow ? .max : next
    }
    return TokenUsage(
      input: sum, output: output, cachedInput: cacheRead, reasoning: outputDetails?.thinkingTokens)
  }
}
