import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIEmbeddingsTests {
  private func service(
    _ server: LoopbackServer, path: String = "/v1", dimension: Int? = nil, maximumBatch: Int = 2048,
    key: APIKey? = nil
  ) -> OpenAICompatibleEmbeddings {
    OpenAICompatibleEmbeddings(
      baseURL: server.url(path), model: "m", dimension: dimension, maximumBatch: maximumBatch, apiKey: key,
      transport: ModelUnderTest.transport, time: .system)
  }

  /// What comes of an answer of these vectors, given as JSON.
  private func embed(
    _ texts: [String], dimension: Int? = nil, _ items: String...
  ) async throws -> EmbeddingResponse {
    let body = #"{"object":"list","data":[\#(items.joined(separator: ","))],"model":"m"}"#
    return try await embed(texts, dimension: dimension, answering: body)
  }

  private func embed(
    _ texts: [String] = ["a", "b"], dimension: Int? = nil, answering body: String, status: Int = 200
  ) async throws -> EmbeddingResponse {
    let server = try LoopbackServer { _, connection in try connection.respond(status, [:], body) }
    return try await service(server, dimension: dimension).embed(texts)
  }

  private func failure(_ body: () async throws -> Void) async -> ProviderFailure? {
    await #expect(throws: ProviderFailure.self) { try await body() }
  }

  private func item(_ index: Int, _ vector: String) -> String {
    #"{"object":"embedding","index":\#(index),"embedding":\#(vector)}"#
  }

  @Test(arguments: [
    ("/v1", "/v1/embeddings"), ("", "/v1/embeddings"), ("/v1/embeddings", "/v1/embeddings"),
    ("/openai/v1?api-version=1", "/openai/v1/embeddings?api-version=1"),
  ])
  func `a request is sent as the API has it`(_ path: String, _ expected: String) async throws {
    let seen = Mutex<LoopbackRequest?>(nil)
    let server = try LoopbackServer { request, connection in
      seen.withLock { $0 = request }
      try connection.respond(200, [:], #"{"data":[{"index":0,"embedding":[1,2]}]}"#)
    }
    let service = service(server, path: path, dimension: 2, key: .provided { "secret-key" })
    _ = try await service.embed(["Grüße"])
    let received = seen.withLock(\.self)
    let request = try #require(received)
    #expect(request.method == "POST")
    #expect(request.path == expected)
    #expect(request.headers["authorization"] == "Bearer secret-key")
    #expect(
      try JSONDecoder().decode(JSONValue.self, from: request.body) == [
        "model": "m", "input": ["Grüße"], "encoding_format": "float", "dimensions": 2,
      ])
  }

  @Test func `no dimension is asked for unless one is configured`() async throws {
    let server = try LoopbackServer { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      let vector = body["dimensions"] == nil ? "[1]" : "[]"
      try connection.respond(200, [:], #"{"data":[{"index":0,"embedding":\#(vector)}]}"#)
    }
    #expect(try await service(server).embed(["a"]).vectors == [[1]])
  }

  @Test func `vectors are in the order of the texts, whatever theirs was`() async throws {
    let vectors = try await embed(["a", "b", "c"], item(2, "[3]"), item(0, "[1]"), item(1, "[2]")).vectors
    #expect(vectors == [[1], [2], [3]])
  }

  @Test func `vectors without numbers are in order`() async throws {
    #expect(try await embed(["a", "b"], #"{"embedding":[1]}"#, #"{"embedding":[2]}"#).vectors == [[1], [2]])
  }

  @Test func `tokens are counted where the server does`() async throws {
    let counted = #"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":5,"total_tokens":5}}"#
    #expect(try await embed(["a"], answering: counted).usage == TokenUsage(input: 5, output: 0))
    let uncounted = #"{"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":"five"}}"#
    #expect(try await embed(["a"], answering: uncounted).usage == nil)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0.0", -0.0), ("1", 1), ("-12.5", -12.5), ("0.1", 0.1), ("1e-3", 0.001), ("1E+2", 100),
      ("0.025648653507232666", 0.025648653507232666), ("-2.0256486535072326660000001e-7", -2.0256486e-7),
      ("123456789012345678901234567890", 1.2345679e29), ("1e-400", 0), ("1e-45", .leastNonzeroMagnitude),
      ("\n 7 ", 7), ("3.4028235e38", .greatestFiniteMagnitude),
    ] as [(String, Float)])
  func `numbers are read as JSON writes them`(_ text: String, _ expected: Float) async throws {
    #expect(try await embed(["a"], item(0, "[\(text)]")).vectors == [[expected]])
  }

  @Test func `numbers of every size are read as Swift writes them`() async throws {
    let numbers = stride(from: 0, to: 0x7F80_0000, by: 715_831).map { Float(bitPattern: UInt32($0)) }
    let text = numbers.map(\.description).joined(separator: ", ")
    #expect(try await embed(["a"], item(0, "[\(text)]")).vectors == [numbers])
  }

  @Test func `the bytes of the numbers do as well`() async throws {
    // 1, -2 and 0.5 in little-endian bytes.
    let vectors = try await embed(["a"], item(0, #""AACAPwAAAMAAAAA/""#)).vectors
    #expect(vectors == [[1, -2, 0.5]])
  }

  @Test func `no text takes no call`() async throws {
    let server = try LoopbackServer { _, _ in }
    #expect(try await service(server).embed([]) == EmbeddingResponse(vectors: []))
    #expect(server.counts.requests == 0)
  }

  @Test func `too many texts and empty ones are refused without a call`() async throws {
    let server = try LoopbackServer { _, _ in }
    let service = service(server, maximumBatch: 2)
    #expect(service.maximumBatch == 2)
    let tooMany = await failure { _ = try await service.embed(["a", "b", "c"]) }
    #expect(tooMany?.kind == .invalidRequest)
    let empty = await failure { _ = try await service.embed(["a", ""]) }
    #expect(empty?.kind == .invalidRequest)
    #expect(empty?.message == "text 1 is empty")
    #expect(server.counts.requests == 0)
  }

  @Test(arguments: [
    // One short, one too many, and none.
    #"{"index":0,"embedding":[1]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1]},{"index":2,"embedding":[1]}"#, "",
    // Numbers of texts that are not there, come twice or only here and there.
    #"{"index":0,"embedding":[1]},{"index":2,"embedding":[1]}"#,
    #"{"index":-1,"embedding":[1]},{"index":0,"embedding":[1]}"#,
    #"{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}"#,
    #"{"index":0,"embedding":[1]},{"embedding":[1]}"#,
    #"{"index":"0","embedding":[1]},{"index":"1","embedding":[1]}"#,
    // Dimensions that differ, or are none.
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}"#,
    #"{"index":0,"embedding":[]},{"index":1,"embedding":[]}"#,
    // What is no finite number.
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[NaN]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1e99]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":["1"]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[null]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[[1]]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[01]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[+1]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[.5]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1.]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1e]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1 2]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1,]}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[-]}"#,
    // Neither numbers nor their bytes; NaN in bytes; a byte too few.
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":7}"#,
    #"{"index":0,"embedding":[1]},{"index":1}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":"?"}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":"AADAfw=="}"#,
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":"AACA"}"#,
    // Cut in the middle.
    #"{"index":0,"embedding":[1]},{"index":1,"embedding":[1"#, #"{"index":0,"embedding":[1]},{"index":1,"#,
    #"{"index":0,"embedding"#, #"{"index":0,"embedding":[1]},{"in\"#,
  ])
  func `a lie is found`(_ items: String) async throws {
    let failure = await failure { _ = try await embed(answering: #"{"data":[\#(items)]}"#) }
    #expect(failure?.kind == .malformedResponse)
  }

  @Test func `another dimension than the configured one is a lie`() async throws {
    let failure = await failure { _ = try await embed(["a"], dimension: 3, item(0, "[1,2]")) }
    #expect(failure?.kind == .malformedResponse)
    #expect(failure?.message == "the vector of text 0 has 2 numbers, not 3")
  }

  @Test func `vectors of several sizes are all told, whichever is first`() async throws {
    for odd in 0...2 {
      let items = (0...2).map { item($0, $0 == odd ? "[1,2,3]" : "[1,2]") }
      let failure = await failure {
        _ = try await embed(["a", "b", "c"], answering: #"{"data":[\#(items.joined(separator: ","))]}"#)
      }
      #expect(
        failure?.message == "the vectors of 3 texts differ in size: 2 with 2 numbers, 1 with 3 numbers")
    }
  }

  @Test func `a redirect is told with where it leads, and without what may be a secret`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.respond(
        301, ["location": "https://me:word@api.example/v2/embeddings?key=abc"], "<html>moved")
    }
    let service = service(server)
    let failure = await failure { _ = try await service.embed(["a"]) }
    #expect(failure?.kind == .modelNotFound)
    #expect(failure?.message.contains("redirects to https://api.example/v2/embeddings, which") == true)
  }

  @Test func `an answer that is compressed and does not say so is told as that`() async throws {
    let server = try LoopbackServer { _, connection in
      try connection.head(200, ["content-type": "application/json"])
      try connection.chunk([0x1F, 0x8B, 8, 0, 0, 0])
    }
    let service = service(server)
    let failure = await failure { _ = try await service.embed(["a"]) }
    #expect(failure?.kind == .malformedResponse && failure?.message.contains("gzip") == true)
  }

  @Test func `an error is one, with either status`() async throws {
    let body = #"{"error":{"code":500,"message":"input (5567 tokens) is too large to process. increase the "#
    let end = #"physical batch size (current batch size: 4096)","type":"server_error"}}"#
    for status in [500, 200] {
      let failure = await failure { _ = try await embed(answering: body + end, status: status) }
      #expect(failure?.kind == .contextLengthExceeded)
    }
  }

  @Test func `nothing of the key is told`() async throws {
    let secret = "sk-abcdefghijklmnop"
    let server = try LoopbackServer { _, connection in
      try connection.respond(401, ["x-request-id": secret], #"{"error":{"message":"\#(secret)"}}"#)
    }
    let service = service(server, key: .provided { secret })
    let failure = await failure { _ = try await service.embed(["a"]) }
    #expect(failure?.kind == .authentication)
    #expect(!String(reflecting: failure).contains("abcdefgh"))
  }
}
