import FoundationEssentials

/// Answers in the words of OpenAI's Embeddings API.
///
/// Each text has a vector of its own, the same at all times, and hardly near to another text's.
public enum EmbeddingScript {
  /// How many numbers a vector has.
  public static let dimension = 32

  /// The texts of a request.
  public static func texts(of request: LoopbackRequest) throws -> [String] {
    try JSONDecoder().decode(Body.self, from: request.body).input
  }

  /// A text's vector.
  public static func vector(of text: String, dimension: Int = dimension) -> [Float] {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return (0..<dimension).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
  }

  /// One vector of an answer, given as JSON.
  ///
  /// - Parameter index: the number of its text; `nil` for a server that does not number them.
  public static func item(_ index: Int?, _ vector: String) -> String {
    let index = index.map { #""index":\#($0),"# } ?? ""
    return #"{"object":"embedding",\#(index)"embedding":\#(vector)}"#
  }

  /// A whole answer of these items.
  public static func answer(items: [String], tokens: Int = 7) -> String {
    """
    {"object":"list","data":[\(items.joined(separator: ","))],"model":"m",\
    "usage":{"prompt_tokens":\(tokens),"total_tokens":\(tokens)}}
    """
  }

  /// A whole answer, as it should be.
  public static func answer(to texts: [String]) -> String {
    answer(items: texts.enumerated().map { item($0, numbers(vector(of: $1))) })
  }

  /// Numbers as JSON.
  public static func numbers(_ vector: [Float]) -> String {
    "[\(vector.map(\.description).joined(separator: ","))]"
  }

  /// Numbers as the text of their bytes.
  public static func base64(_ vector: [Float]) -> String {
    var bytes = Data()
    for number in vector {
      for shift in stride(from: 0, to: 32, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(shift)))
      }
    }
    return "\"\(bytes.base64EncodedString())\""
  }

  private struct Body: Decodable {
    var input: [String]
  }
}
