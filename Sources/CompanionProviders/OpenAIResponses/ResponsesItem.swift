import CompanionDomain

/// One item of what a model puts out.
enum ResponsesItem: Decodable {
  case text(String)
  case refusal
  case reasoning(String)
  case call(ToolCall)
  /// What is not known, or says nothing.
  case other

  /// What stands between the parts of a summary, which are paragraphs.
  static let partBreak = "\n\n"

  private struct Part: Decodable {
    var type: String?
    var text: String?
    var refusal: String?
  }

  private enum CodingKeys: String, CodingKey {
    case type, content, summary, name, arguments
    case callID = "call_id"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .type) {
    case "message":
      let parts = try container.decodeIfPresent([Part].self, forKey: .content) ?? []
      let isRefused = parts.contains { $0.type == "refusal" && $0.refusal?.isEmpty != true }
      self = isRefused ? .refusal : .text(Self.text(of: parts, "output_text"))
    case "reasoning":
      let summary = try container.decodeIfPresent([Part].self, forKey: .summary) ?? []
      let content = try container.decodeIfPresent([Part].self, forKey: .content) ?? []
      self = .reasoning(
        Self.text(of: summary, "summary_text", separator: Self.partBreak)
          + Self.text(of: content, "reasoning_text"))
    case "function_call":
      self = .call(
        ToolCall(
          id: try container.decode(String.self, forKey: .callID),
          name: try container.decode(String.self, forKey: .name),
          arguments: try container.decodeIfPresent(String.self, forKey: .arguments) ?? ""))
    default: self = .other
    }
  }

  private static func text(of parts: [Part], _ type: String, separator: String = "") -> String {
    parts.filter { $0.type == type }.compactMap(\.text).joined(separator: separator)
  }
}
