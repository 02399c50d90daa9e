import FoundationEssentials

/// Answers in the words of the Chat Completions API.
public enum OpenAIScript {
  /// The events of a streamed answer, its text in pieces of so many characters.
  public static func stream(
    text: String, chunks size: Int = 4, finish: String? = "stop", usage: Bool = true, done: Bool = true
  ) -> String {
    var events = [chunk(delta: #"{"role":"assistant","content":""}"#)]
    var rest = Substring(text)
    while !rest.isEmpty {
      events.append(textChunk(String(rest.prefix(max(1, size)))))
      rest = rest.dropFirst(max(1, size))
    }
    if let finish { events.append(chunk(delta: "{}", finish: finish)) }
    if usage { events.append(usageChunk(input: 7, output: text.count)) }
    if done { events.append("[DONE]") }
    return events.map(event).joined()
  }

  /// One server-sent event.
  public static func event(_ data: String) -> String { "data: \(data)\n\n" }

  /// A chunk with a piece of text.
  public static func textChunk(_ text: String) -> String { chunk(delta: "{\"content\":\(quoted(text))}") }

  /// A chunk with this delta, given as JSON.
  public static func chunk(delta: String, finish: String? = nil) -> String {
    let reason = finish.map(quoted) ?? "null"
    return """
      {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",\
      "choices":[{"index":0,"delta":\(delta),"finish_reason":\(reason)}]}
      """
  }

  /// The chunk behind the last choice, which has none itself.
  public static func usageChunk(input: Int, output: Int, cached: Int = 0, reasoning: Int = 0) -> String {
    """
    {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":\(input),\
    "completion_tokens":\(output),"total_tokens":\(input + output),\
    "prompt_tokens_details":{"cached_tokens":\(cached)},\
    "completion_tokens_details":{"reasoning_tokens":\(reasoning)}}}
    """
  }

  /// A whole answer of text.
  public static func answer(text: String) -> String {
    """
    {"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",\
    "content":\(quoted(text))},"finish_reason":"stop"}],\
    "usage":{"prompt_tokens":7,"completion_tokens":\(text.count),"total_tokens":\(7 + text.count)}}
    """
  }

  /// The body of an error.
  public static func error(_ message: String, type: String = "error", code: String? = nil) -> String {
    let code = code.map(quoted) ?? "null"
    return #"{"error":{"message":\#(quoted(message)),"type":\#(quoted(type)),"param":null,"code":\#(code)}}"#
  }

  /// A text as a JSON string.
  public static func quoted(_ text: String) -> String {
    let json = try? JSONEncoder().encode(text)
    return json.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

extension LoopbackConnection {
  /// Sends the head of a stream of events.
  public func streamHead() throws {
    try head(200, ["Content-Type": "text/event-stream; charset=utf-8"])
  }

  /// Sends a whole stream of events.
  public func stream(_ events: String, inPiecesOf size: Int = 16_384) throws {
    try streamHead()
    try chunk(events, inPiecesOf: size)
    try finish()
  }
}
