import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// The tokens of a request as it is sent, counted without the compiler's own counting.
struct PromptTokens {
  private(set) var count = 0

  /// - Parameters:
  ///   - perMessage: what the format of a message, a call, a result or a tool adds.
  ///   - tokens: those of a text.
  init(of request: GenerationRequest, perMessage: Int = 4, countedBy tokens: (String) -> Int) {
    func add(_ texts: String...) {
      for text in texts where !text.isEmpty { count += tokens(text) }
    }
    for message in request.messages {
      count += perMessage
      for part in message.parts {
        switch part {
        case .text(let text): add(text)
        case .toolCall(let call):
          count += perMessage
          add(call.id, call.name, call.arguments)
        case .toolResult(let result):
          count += perMessage
          add(result.callID, result.content)
        @unknown default: break
        }
      }
    }
    for tool in request.tools {
      count += perMessage
      add(tool.name, tool.summary, Self.text(of: tool.parameters))
    }
  }

  /// Parameters as they are sent.
  private static func text(of parameters: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(parameters)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
