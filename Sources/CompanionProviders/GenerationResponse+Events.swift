import CompanionDomain
import CompanionPorts

extension GenerationResponse {
  /// The whole answer that a stream's events make up.
  init(collecting events: [GenerationEvent]) {
    self.init(text: "")
    for event in events {
      switch event {
      case .text(let more): text += more
      case .reasoning(let more): reasoning += more
      // A whole answer has each call in one piece.
      case .toolCall(let call):
        toolCalls.append(ToolCall(id: call.id ?? "", name: call.name ?? "", arguments: call.arguments))
      case .usage(let usage): self.usage = usage
      case .finished(let reason): finish = reason
      }
    }
  }
}
