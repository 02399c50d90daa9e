import CompanionDomain

/// The body of a request for images.
struct ImageRequestBody: Encodable {
  var model: String
  var prompt: String
  var count: Int
  var size: String?
  var quality: String?
  var responseFormat: String?

  private enum CodingKeys: String, CodingKey {
    case model, prompt, size, quality
    case count = "n"
    case responseFormat = "response_format"
  }
}

/// Images as a server sends them: their bytes, or where they are.
struct ImageAnswer: Decodable {
  struct Item: Decodable {
    var base64: String?
    var url: String?
    var revisedPrompt: String?

    private enum CodingKeys: String, CodingKey {
      case url
      case base64 = "b64_json"
      case revisedPrompt = "revised_prompt"
    }
  }

  struct Usage: Decodable {
    var input: Int?
    var output: Int?

    private enum CodingKeys: String, CodingKey {
      case input = "input_tokens"
      case output = "output_tokens"
    }

    /// The usage; `nil` where a side is missing.
    var counted: TokenUsage? {
      guard let input, let output else { return nil }
      return TokenUsage(input: input, output: output)
    }
  }

  var data: [Item]
  var usage: Usage?

  private enum CodingKeys: String, CodingKey { case data, usage }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    data = try container.decode([Item].self, forKey: .data)
    // Tokens that nobody can count do not spoil an answer: they are unknown.
    usage = try? container.decodeIfPresent(Usage.self, forKey: .usage)
  }
}
