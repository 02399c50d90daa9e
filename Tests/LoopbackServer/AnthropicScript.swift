/// Answers in the words of the Messages API.
public enum AnthropicScript {
  /// The events of a streamed answer of text, in pieces of so many characters.
  public static func stream(text: String, chunks size: Int = 4, stop: String = "end_turn") -> String {
    var pieces: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      pieces.append(textDelta(String(rest.prefix(max(1, size))), index: 0))
      rest = rest.dropFirst(max(1, size))
    }
    return stream([textStart(index: 0)] + pieces + [blockStop(index: 0)], stop: stop, output: text.count)
  }

  /// The events of a streamed answer of these blocks' events.
  public static func stream(_ blocks: [String], stop: String = "end_turn", output: Int = 5) -> String {
    (["{\"type\":\"ping\"}"] + blocks).reduce(event(messageStart())) { $0 + event($1) }
      + event(messageDelta(stop: stop, output: output)) + event("{\"type\":\"message_stop\"}")
  }

  /// One server-sent event, named by its type as the API does.
  public static func event(_ data: String) -> String {
    let type = data.split(separator: "\"").dropFirst(3).first ?? "message"
    return "event: \(type)\ndata: \(data)\n\n"
  }

  /// The event that begins an answer.
  public static func messageStart(input: Int = 7, cacheRead: Int = 0, cacheCreation: Int = 0) -> String {
    """
    {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m",\
    "content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":\(input),\
    "cache_creation_input_tokens":\(cacheCreation),"cache_read_input_tokens":\(cacheRead),\
    "output_tokens":1,"service_tier":"standard"}}}
    """
  }

  /// The event that tells why an answer ends.
  public static func messageDelta(stop: String, output: Int) -> String {
    """
    {"type":"message_delta","delta":{"stop_reason":"\(stop)","stop_sequence":null},\
    "usage":{"output_tokens":\(output)}}
    """
  }

  /// The beginning of a block of text.
  public static func textStart(index: Int) -> String {
    blockStart(#"{"type":"text","text":""}"#, index: index)
  }

  /// The beginning of a call.
  public static func callStart(id: String, name: String, input: String = "{}", index: Int) -> String {
    blockStart(#"{"type":"tool_use","id":"\#(id)","name":"\#(name)","input":\#(input)}"#, index: index)
  }

  /// The beginning of a block, given as JSON.
  public static func blockStart(_ block: String, index: Int) -> String {
    #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#
  }

  /// A piece of text.
  public static func textDelta(_ text: String, index: Int) -> String {
    delta(#"{"type":"text_delta","text":\#(OpenAIScript.quoted(text))}"#, index: index)
  }

  /// A piece of a call's arguments.
  public static func callDelta(_ json: String, index: Int) -> String {
    delta(#"{"type":"input_json_delta","partial_json":\#(OpenAIScript.quoted(json))}"#, index: index)
  }

  /// A piece of a block, given as JSON.
  public static func delta(_ delta: String, index: Int) -> String {
    #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#
  }

  /// The end of a block.
  public static func blockStop(index: Int) -> String {
    #"{"type":"content_block_stop","index":\#(index)}"#
  }

  /// A whole answer of blocks, given as JSON.
  public static func answer(_ blocks: String..., stop: String = "end_turn", output: Int = 5) -> String {
    """
    {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[\
    \(blocks.joined(separator: ","))],"stop_reason":"\(stop)","stop_sequence":null,\
    "usage":{"input_tokens":7,"output_tokens":\(output)}}
    """
  }

  /// A block of text.
  public static func text(_ text: String) -> String {
    #"{"type":"text","text":\#(OpenAIScript.quoted(text))}"#
  }

  /// The body of an error.
  public static func error(_ type: String, _ message: String) -> String {
    let message = OpenAIScript.quoted(message)
    return #"{"type":"error","error":{"type":"\#(type)","message":\#(message)},"request_id":"req_1"}"#
  }
}
