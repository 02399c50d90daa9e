import CompanionDomain
import FoundationEssentials

extension ResponseContext {
  /// Reads a chunk of a chat completion, or a whole one.
  func chunk(_ data: Data) throws(ProviderFailure) -> ChatChunk {
    let chunk = try decode(ChatChunk.self, from: data, expecting: "a chat completion")
    if let error = chunk.error, error != .null { throw failure(["error": error]) }
    if chunk.object == "error", let json = JSONValue(json: data) { throw failure(json) }
    guard chunk.choices != nil || chunk.usage != nil else {
      throw malformed("a part of the answer is not of a chat completion")
    }
    return chunk
  }
}
