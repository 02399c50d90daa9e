import CompanionDomain
import FoundationEssentials

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

/// The encodings of images that are known by their first bytes.
enum ImageEncoding {
  /// The media type of an encoded image; `nil` where its bytes are of none.
  static func mediaType(of data: Data) -> String? {
    let head = [UInt8](data.prefix(16))
    func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: bytes) }
    if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
    if has([0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if has([UInt8]("RIFF".utf8)), has([UInt8]("WEBP".utf8), at: 8) { return "image/webp" }
    if has([UInt8]("GIF8".utf8)) { return "image/gif" }
    if has([UInt8]("ftypavif".utf8), at: 4) { return "image/avif" }
    return nil
  }
}
