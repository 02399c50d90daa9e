import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `The messages of a SQLite store` {
  private static let texts = [
    "", "Hello", "\"", "\\", "\\\"", "\",\"type\":\"text\"}]", "[{\"text\":\"", "a/b", "two\nlines",
    "\u{301}e",
    "e\u{301}", "\u{1F}\u{7F}\u{2028}", "京都 👩‍👩‍👧", "{\"type\":\"toolCall\"}",
    String(repeating: "x", count: 9_000),
  ]

  @Test func `say what was stored, whatever stands in it`() async throws {
    try await withDatabase { path in
      var messages: [ChatMessage] = []
      for text in Self.texts {
        var parts: [[MessagePart]] = [[.text(text)], [.text(text), .text(text)]]
        parts.append([
          .toolCall(ToolCall(id: "1", name: "n", arguments: text)),
          .toolResult(ToolResult(callID: "1", outcome: .succeeded, content: text)),
        ])
        for parts in parts {
          var message = message(messages.count + 1)
          message.parts = parts
          messages.append(message)
        }
      }
      var store = try await open(path)
      try await store.commit(.insertSession(chat), .append(messages, to: chat.id, after: .zero))
      await store.close()
      store = try await open(path)
      #expect(try await store.messages(in: chat.id, before: nil, limit: .max) == messages)
      let sources = Set(messages.map { RecallSource.message(chat.id, $0.sequence) })
      let session = try #require(try await store.session(chat.id))
      let records = try await store.records(of: sources)
      #expect(records.count == messages.count)
      for message in messages {
        #expect(records[.message(chat.id, message.sequence)] == .message(message, in: session))
      }
    }
  }

  @Test(arguments: [
    (#"[{"text":"a","type":"text"}]"#, "a"), (#"[{"type":"text","text":"a"}]"#, "a"),
    (#" [ {"text":"a", "type":"text"} ] "#, "a"), (#"[{"text":"\u0061\/\n","type":"text"}]"#, "a/\n"),
    (#"[{"text":"","type":"text"}]"#, ""),
  ])
  func `are read from every form of their JSON`(json: String, text: String) async throws {
    #expect(try await Self.text(of: json) == text)
  }

  @Test(arguments: [
    "", "[", #"[{"text":"a"b","type":"text"}]"#, "[{\"text\":\"a\nb\",\"type\":\"text\"}]",
    #"[{"text":"a\","type":"text"}]"#, #"[{"text":"type":"text"}]"#, #"[{"text":"a","type":"text"}"#,
    #"[{"text":"a","type":"image"}]"#,
  ])
  func `are damaged where their JSON is`(json: String) async throws {
    await #expect(throws: StoreFailure.corrupt("a stored Array<MessagePart> cannot be read")) {
      try await Self.text(of: json)
    }
  }

  /// The text of a message in whose column this stands.
  private static func text(of json: String) async throws -> String? {
    var text: String?
    try await withDatabase { path in
      let store = try await open(path)
      try await store.commit(.insertSession(chat), append(1))
      try RawDatabase(path).run("UPDATE messages SET parts = '\(json)'")
      text = try await store.log().first?.text
    }
    return text
  }
}
