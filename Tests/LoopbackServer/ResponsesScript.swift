/// Answers in the words of the Responses API.
public enum ResponsesScript {
  /// The events of a streamed answer, in the shape in which OpenAI sends them; its text in pieces of so many
  /// characters. The last event is missing where `end` is `nil`.
  ///
  /// - Parameter tail: members of the last event's response, as JSON.
  public static func events(
    text: String, chunks size: Int = 4, reasoning: [String] = [], end: String? = "completed",
    tail: String? = nil
  ) -> [String] {
    var numbered = Numbering()
    numbered.add("response.created", #""response":\#(response(status: "in_progress", output: []))"#)
    numbered.add("response.in_progress", #""response":\#(response(status: "in_progress", output: []))"#)
    if !reasoning.isEmpty {
      numbered.add(
        "response.output_item.added",
        #""output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}"#)
      for (index, part) in reasoning.enumerated() {
        let place = #""item_id":"rs_1","output_index":0,"summary_index":\#(index)"#
        numbered.add(
          "response.reasoning_summary_part.added", place + #","part":{"type":"summary_text","text":""}"#)
        numbered.add("response.reasoning_summary_text.delta", place + #","delta":\#(quoted(part))"#)
        numbered.add("response.reasoning_summary_text.done", place + #","text":\#(quoted(part))"#)
      }
    }
    let place = reasoning.isEmpty ? 0 : 1
    let item = #""item_id":"msg_1","output_index":\#(place),"content_index":0"#
    numbered.add(
      "response.output_item.added",
      #""output_index":\#(place),"item":{"id":"msg_1","type":"message","status":"in_progress","#
        + #""content":[],"role":"assistant"}"#)
    numbered.add(
      "response.content_part.added", item + #","part":{"type":"output_text","annotations":[],"text":""}"#)
    var rest = Substring(text)
    while !rest.isEmpty {
      let piece = String(rest.prefix(max(1, size)))
      numbered.add(
        "response.output_text.delta", item + #","delta":\#(quoted(piece)),"logprobs":[],"obfuscation":"x""#)
      rest = rest.dropFirst(max(1, size))
    }
    numbered.add("response.output_text.done", item + #","text":\#(quoted(text))"#)
    numbered.add(
      "response.output_item.done", #""output_index":\#(place),"item":\#(message(text, status: "completed"))"#)
    if let end {
      let last = response(status: end, output: [message(text, status: end)], usage: usage(), tail: tail)
      numbered.add("response.\(end)", #""response":\#(last)"#)
    }
    return numbered.events
  }

  /// The events of a streamed answer as one text.
  public static func stream(text: String, chunks size: Int = 4) -> String {
    events(text: text, chunks: size).joined()
  }

  /// One server-sent event of this type, with these members beside its type and number.
  public static func event(_ type: String, _ members: String = "", number: Int? = nil) -> String {
    let number = number.map { #","sequence_number":\#($0)"# } ?? ""
    let members = members.isEmpty ? "" : "," + members
    return "event: \(type)\ndata: {\"type\":\(quoted(type))\(number)\(members)}\n\n"
  }

  /// A whole answer of text.
  public static func answer(text: String, id: String = "resp_1") -> String {
    response(id: id, status: "completed", output: [message(text, status: "completed")], usage: usage())
  }

  /// A response of these items, given as JSON.
  ///
  /// - Parameter tail: more members, as JSON; they come before those of the same name.
  public static func response(
    id: String = "resp_1", status: String, output: [String] = [], usage: String = "null", tail: String? = nil
  ) -> String {
    """
    {\(tail.map { $0 + "," } ?? "")"id":\(quoted(id)),"object":"response","created_at":1741476777,\
    "status":\(quoted(status)),"background":false,"instructions":null,"model":"m",\
    "output":[\(output.joined(separator: ","))],"parallel_tool_calls":true,"tools":[],\
    "usage":\(usage),"metadata":{}}
    """
  }

  /// A message of the model.
  public static func message(_ text: String, status: String = "completed") -> String {
    """
    {"id":"msg_1","type":"message","status":\(quoted(status)),"role":"assistant",\
    "content":[{"type":"output_text","text":\(quoted(text)),"annotations":[],"logprobs":[]}]}
    """
  }

  /// A count of tokens.
  public static func usage(input: Int = 7, output: Int = 5, cached: Int = 3, reasoning: Int = 2) -> String {
    """
    {"input_tokens":\(input),"input_tokens_details":{"cached_tokens":\(cached)},"output_tokens":\(output),\
    "output_tokens_details":{"reasoning_tokens":\(reasoning)},"total_tokens":\(input + output)}
    """
  }

  private static func quoted(_ text: String) -> String { OpenAIScript.quoted(text) }

  /// Numbers events from 0, as the API does.
  private struct Numbering {
    var events: [String] = []

    mutating func add(_ type: String, _ members: String) {
      events.append(ResponsesScript.event(type, members, number: events.count))
    }
  }
}
