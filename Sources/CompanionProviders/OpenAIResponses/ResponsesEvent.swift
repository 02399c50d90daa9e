import CompanionDomain
import FoundationEssentials

/// One event of a streamed response.
struct ResponsesEvent: Decodable {
  /// What an event says of the answer.
  enum Content {
    case text(String)
    case reasoning(String)
    /// The summary of what was thought goes on with its part of this number, from 0.
    case reasoningPart(Int)
    case refusal(String)
    /// A tool call begins, at this place of the output.
    case call(ToolCall, place: Int)
    case arguments(String, place: Int)
    /// How the response stands; it goes on.
    case standing(ResponsesObject)
    /// How the response ended. Nothing follows.
    case end(ResponsesObject)
    case error(JSONValue)
    /// What says nothing that is not said elsewhere, or what is not known.
    case other
  }

  /// Where a stream that was cut is taken up again.
  var number: Int?
  var content: Content

  /// The response as it stands, where the event tells.
  var response: ResponsesObject? {
    switch content {
    case .standing(let response), .end(let response): response
    default: nil
    }
  }

  private enum CodingKeys: String, CodingKey {
    case type, delta, item, response
    case number = "sequence_number"
    case place = "output_index"
    case part = "summary_index"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    number = try container.decodeIfPresent(Int.self, forKey: .number)
    let type = try container.decode(String.self, forKey: .type)
    content =
      switch type {
      case "response.output_text.delta": .text(try container.decode(String.self, forKey: .delta))
      case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
        .reasoning(try container.decode(String.self, forKey: .delta))
      case "response.reasoning_summary_part.added":
        .reasoningPart(try container.decodeIfPresent(Int.self, forKey: .part) ?? 0)
      case "response.refusal.delta": .refusal(try container.decode(String.self, forKey: .delta))
      case "response.output_item.added": try Self.beginning(container)
      case "response.function_call_arguments.delta":
        .arguments(
          try container.decode(String.self, forKey: .delta),
          place: try container.decode(Int.self, forKey: .place))
      case "response.created", "response.queued", "response.in_progress":
        .standing(try container.decode(ResponsesObject.self, forKey: .response))
      case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
        .end(try Self.end(container, type))
      case "error": .error(try JSONValue(from: decoder))
      default: .other
      }
  }

  private static func beginning(_ container: KeyedDecodingContainer<CodingKeys>) throws -> Content {
    guard case .call(let call) = try container.decode(ResponsesItem.self, forKey: .item) else {
      return .other
    }
    return .call(call, place: try container.decode(Int.self, forKey: .place))
  }

  private static func end(
    _ container: KeyedDecodingContainer<CodingKeys>, _ type: String
  ) throws -> ResponsesObject {
    var response = try container.decode(ResponsesObject.self, forKey: .response)
    // The event's own name is what ends the stream.
    response.status = String(type.dropFirst("response.".count))
    return response
  }
}

extension ResponseContext {
  /// Reads an event of a stream; `nil` where it holds nothing.
  func responsesEvent(_ event: ServerSentEvent) throws(ProviderFailure) -> ResponsesEvent? {
    if event.type == "error" { throw failure(body: event.data) }
    guard !event.data.isEmpty else { return nil }
    return try decode(from: event.data, expecting: "an event of a response")
  }
}
