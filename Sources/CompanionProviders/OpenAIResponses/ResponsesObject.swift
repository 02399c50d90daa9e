import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A response as the API tells it: an answer, or a job that is to become one.
struct ResponsesObject: Decodable {
  struct Usage: Decodable {
    struct InputDetails: Decodable {
      var cachedTokens: Int?
      private enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
    }

    struct OutputDetails: Decodable {
      var reasoningTokens: Int?
      private enum CodingKeys: String, CodingKey { case reasoningTokens = "reasoning_tokens" }
    }

    var input: Int?
    var output: Int?
    var total: Int?
    var inputDetails: InputDetails?
    var outputDetails: OutputDetails?

    private enum CodingKeys: String, CodingKey {
      case input = "input_tokens"
      case output = "output_tokens"
      case total = "total_tokens"
      case inputDetails = "input_tokens_details"
      case outputDetails = "output_tokens_details"
    }
  }

  private struct IncompleteDetails: Decodable {
    var reason: String?
  }

  var id: String?
  var status: String?
  var error: JSONValue?
  /// Why the answer is not whole.
  var incompleteReason: String?
  var output: [ResponsesItem]?
  var usage: TokenUsage?

  private enum CodingKeys: String, CodingKey {
    case id, status, error, output, usage
    case incompleteDetails = "incomplete_details"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decodeIfPresent(String.self, forKey: .id)
    status = try container.decodeIfPresent(String.self, forKey: .status)
    error = try container.decodeIfPresent(JSONValue.self, forKey: .error)
    incompleteReason =
      try container.decodeIfPresent(IncompleteDetails.self, forKey: .incompleteDetails)?.reason
    output = try container.decodeIfPresent([ResponsesItem].self, forKey: .output)
    // Tokens that nobody can count do not spoil an answer: they are unknown.
    let reported = try? container.decodeIfPresent(Usage.self, forKey: .usage)
    usage = reported.flatMap(TokenUsage.init)
  }
}

extension ResponseContext {
  /// Reads a whole response, whatever its status.
  func response(_ data: Data) throws(ProviderFailure) -> ResponsesObject {
    let response = try decode(ResponsesObject.self, from: data, expecting: "a response")
    guard response.status == nil, response.output == nil else { return response }
    if let error = response.error, error != .null { throw failure(["error": error]) }
    throw malformed("the answer is not a response")
  }
}

extension TokenUsage {
  fileprivate init?(_ usage: ResponsesObject.Usage) {
    self.init(reportedInput: usage.input, output: usage.output, total: usage.total)
    cachedInput = usage.inputDetails?.cachedTokens
    reasoning = usage.outputDetails?.reasoningTokens
  }
}
