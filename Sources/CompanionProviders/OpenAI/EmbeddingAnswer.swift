import FoundationEssentials

/// The body of a request for embeddings.
struct EmbeddingRequestBody: Encodable {
  var model: String
  var input: [String]
  var encodingFormat: String
  var dimensions: Int?

  private enum CodingKeys: String, CodingKey {
    case model, input, dimensions
    case encodingFormat = "encoding_format"
  }
}

/// Embeddings as a server sends them, without the vectors that an ``EmbeddingScanner`` has taken out.
struct EmbeddingAnswer: Decodable {
  enum Vector {
    case known([Float])
    /// The one that the scanner has under this number.
    case taken(Int)
  }

  struct Item: Decodable {
    var index: Int?
    var vector: Vector

    private enum CodingKeys: String, CodingKey { case index, embedding }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      index = try container.decodeIfPresent(Int.self, forKey: .index)
      // Some servers send the bytes of the numbers, whatever they were asked for.
      if let text = try? container.decode(String.self, forKey: .embedding) {
        guard let bytes = Data(base64Encoded: text), let vector = Self.numbers(bytes) else {
          throw DecodingError.dataCorruptedError(
            forKey: .embedding, in: container, debugDescription: "not the bytes of numbers")
        }
        self.vector = .known(vector)
      } else {
        vector = .taken(try container.decode([Int].self, forKey: .embedding).first ?? -1)
      }
    }

    /// The numbers of little-endian bytes, four for each; `nil` when there are bytes left over.
    private static func numbers(_ bytes: Data) -> [Float]? {
      guard bytes.count.isMultiple(of: 4) else { return nil }
      return unsafe bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 4).map { offset in
          let bits = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
          return Float(bitPattern: UInt32(littleEndian: bits))
        }
      }
    }
  }

  struct Usage: Decodable {
    var promptTokens: Int?
    private enum CodingKeys: String, CodingKey { case promptTokens = "prompt_tokens" }
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
