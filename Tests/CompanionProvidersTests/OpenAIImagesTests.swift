import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct OpenAIImagesTests {
  private static let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1])
  private static let request = ImageRequest(prompt: "A boat")

  private func generator(
    _ server: LoopbackServer, path: String = "/v1", model: String = "gpt-image-1", key: APIKey? = nil
  ) -> OpenAIImages {
    OpenAIImages(
      baseURL: server.url(path), model: model, apiKey: key, transport: ModelUnderTest.transport,
      time: .system)
  }

  private func generate(
    _ request: ImageRequest = Self.request, answering body: String, status: Int = 200
  ) async throws -> ImageResponse {
    let server = try LoopbackServer { _, connection in try connection.respond(status, [:], body) }
    return try await generator(server).generate(request)
  }

  private func failure(_ body: () async throws -> Void) async -> ProviderFailure? {
    await #expect(throws: ProviderFailure.self) { try await body() }
  }

  /// What the server is sent when this is asked.
  private func sent(
    _ request: ImageRequest, path: String = "/v1", model: String = "gpt-image-1"
  ) async throws -> (request: LoopbackRequest, json: JSONValue) {
    let seen = Mutex<LoopbackRequest?>(nil)
    let image = #"{"b64_json":"\#(Self.png.base64EncodedString())"}"#
    let server = try LoopbackServer { request, connection in
      seen.withLock { $0 = request }
      try connection.respond(200, [:], #"{"data":[\#(image),\#(image),\#(image)]}"#)
    }
    let generator = generator(server, path: path, model: model, key: .provided { "secret-key" })
    _ = try await generator.generate(request)
    let received = seen.withLock(\.self)
    let last = try #require(received)
    return (last, try JSONDecoder().decode(JSONValue.self, from: last.body))
  }

  @Test func `a request is sent as the API has it`() async throws {
    let (request, json) = try await sent(
      ImageRequest(prompt: "A boat", count: 3, size: "1024x1024", quality: "high"))
    #expect(request.method == "POST")
    #expect(request.path == "/v1/images/generations")
    #expect(request.headers["authorization"] == "Bearer secret-key")
    #expect(
      json == [
        "model": "gpt-image-1", "prompt": "A boat", "n": 3, "size": "1024x1024", "quality": "high",
      ])
  }

  @Test func `only the models that need it are asked for bytes`() async throws {
    let plain: JSONValue = ["model": "gpt-image-1-mini", "prompt": "A boat", "n": 1]
    #expect(try await sent(Self.request, model: "gpt-image-1-mini").json == plain)
    #expect(try await sent(Self.request, model: "dall-e-3").json["response_format"] == "b64_json")
    let less = ImageRequest(prompt: "A boat", count: -1)
    #expect(try await sent(less).json["n"] == 1)
  }

  @Test func `a deployment at Azure has its own path`() async throws {
    let path = "/openai/deployments/d/images/generations?api-version=2025-04-01-preview"
    #expect(try await sent(Self.request, path: path).request.path == path)
  }

  @Test func `images are what their bytes are`() async throws {
    let kinds: [(String, [UInt8])] = [
      ("image/png", [UInt8](Self.png)), ("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0]),
      ("image/webp", [UInt8]("RIFF\0\0\0\0WEBPVP8 ".utf8)), ("image/gif", [UInt8]("GIF89a".utf8)),
    ]
    let items = kinds.map { #"{"b64_json":"\#(Data($0.1).base64EncodedString())","revised_prompt":"R"}"# }
    let body =
      #"{"created":1,"data":[\#(items.joined(separator: ","))],"output_format":"png","#
      + #""usage":{"input_tokens":5,"output_tokens":99,"total_tokens":104}}"#
    let response = try await generate(ImageRequest(prompt: "A boat", count: 4), answering: body)
    #expect(
      response.images
        == kinds.map {
          GeneratedImage(data: Data($0.1), mediaType: $0.0, revisedPrompt: "R")
        })
    #expect(response.usage == TokenUsage(input: 5, output: 99))
  }

  @Test func `an image at an address is fetched without the key`() async throws {
    let seen = Mutex<[LoopbackRequest]>([])
    let images = try LoopbackServer { request, connection in
      seen.withLock { $0.append(request) }
      try connection.head(200, ["Content-Type": "image/png"], length: Self.png.count)
      try connection.chunk([UInt8](Self.png))
    }
    let address = images.url("/i.png?sig=1").absoluteString
    let server = try LoopbackServer { _, connection in
      try connection.respond(200, [:], #"{"data":[{"url":"\#(address)"}]}"#)
    }
    let response = try await generator(server, key: .provided { "secret-key" }).generate(Self.request)
    #expect(response.images == [GeneratedImage(data: Self.png, mediaType: "image/png")])
    let first = seen.withLock(\.first)
    let request = try #require(first)
    #expect(request.method == "GET")
    #expect(request.path == "/i.png?sig=1")
    #expect(!request.headers.values.contains { $0.contains("secret-key") })
  }

  @Test(arguments: [404, 500, 302])
  func `an image that cannot be fetched was made nevertheless`(_ status: Int) async throws {
    let images = try LoopbackServer { _, connection in try connection.respond(status, [:], "") }
    let body = #"{"data":[{"url":"\#(images.url("/i.png").absoluteString)"}]}"#
    let failure = await failure { _ = try await generate(answering: body) }
    #expect(failure?.kind == .malformedResponse)
    #expect(failure?.disposition == .ambiguous)
  }

  @Test(arguments: [
    #"{"data":[]}"#, "{}", #"{"data":[{}]}"#, #"{"data":[{"b64_json":"?"}]}"#, #"{"data":[{"b64_json":""}]}"#,
    #"{"data":[{"b64_json":"aGVsbG8gd29ybGQ="}]}"#, #"{"data":[{"url":"file:///etc/hostname"}]}"#,
    #"{"data":[{"url":"/i.png"}]}"#, #"{"data":[{"url":7}]}"#, "<html></html>", "[",
  ])
  func `what is no image is malformed`(_ body: String) async throws {
    let failure = await failure { _ = try await generate(answering: body) }
    #expect(failure?.kind == .malformedResponse)
  }

  @Test func `fewer images than were asked for are malformed`() async throws {
    let body = #"{"data":[{"b64_json":"\#(Self.png.base64EncodedString())"}]}"#
    let failure = await failure {
      _ = try await generate(ImageRequest(prompt: "A boat", count: 2), answering: body)
    }
    #expect(failure?.kind == .malformedResponse)
    #expect(failure?.message == "1 images came, not 2")
  }

  @Test(arguments: ["content_policy_violation", "moderation_blocked", "contentFilter"])
  func `a prompt that is not allowed is filtered`(_ code: String) async throws {
    let body = #"{"error":{"message":"No.","type":"invalid_request_error","code":"\#(code)"}}"#
    let failure = await failure { _ = try await generate(answering: body, status: 400) }
    #expect(failure?.kind == .contentFiltered)
  }

  /// What is asked for when the connection is checked, and what comes of it.
  private func check(
    path: String = "/v1", _ answers: [String: (Int, String)]
  ) async throws -> (paths: [String], failure: ProviderFailure?) {
    let seen = Mutex<[String]>([])
    let server = try LoopbackServer { request, connection in
      seen.withLock { $0.append("\(request.method) \(request.path)") }
      let (status, body) = answers[request.path] ?? (404, "")
      try connection.respond(status, [:], body)
    }
    let generator = generator(server, path: path, model: "m")
    do throws(ProviderFailure) {
      try await generator.checkConnection()
      return (seen.withLock(\.self), nil)
    } catch {
      return (seen.withLock(\.self), error)
    }
  }

  @Test func `a model that is described can be used`() async throws {
    let (paths, failure) = try await check(["/v1/models/m": (200, "{}")])
    #expect(paths == ["GET /v1/models/m"])
    #expect(failure == nil)
  }

  @Test func `a model that the server does not know cannot`() async throws {
    let body = #"{"error":{"message":"No.","type":"invalid_request_error","code":"model_not_found"}}"#
    let (paths, failure) = try await check(["/v1/models/m": (404, body), "/v1/models": (200, "{}")])
    #expect(paths == ["GET /v1/models/m"])
    #expect(failure?.kind == .modelNotFound)
  }

  @Test func `a server that describes no model is asked for its list`() async throws {
    for status in [404, 405] {
      let (paths, failure) = try await check([
        "/v1/models/m": (status, "no"), "/v1/models": (200, #"{"data":[]}"#),
      ])
      #expect(paths == ["GET /v1/models/m", "GET /v1/models"])
      #expect(failure == nil)
    }
    #expect(try await check([:]).failure?.kind == .modelNotFound)
  }

  @Test func `a key that is refused is told`() async throws {
    let (paths, failure) = try await check(["/v1/models/m": (401, "")])
    #expect(paths.count == 1)
    #expect(failure?.kind == .authentication)
  }

  @Test func `models at Azure are beside the deployments`() async throws {
    let (paths, failure) = try await check(
      path: "/openai/deployments/d?api-version=1", ["/openai/models?api-version=1": (200, "{}")])
    #expect(paths == ["GET /openai/models/m?api-version=1", "GET /openai/models?api-version=1"])
    #expect(failure == nil)
  }

  @Test func `nothing of the key is told`() async throws {
    let secret = "sk-abcdefghijklmnop"
    let server = try LoopbackServer { _, connection in
      try connection.respond(401, ["x-request-id": secret], #"{"error":{"message":"\#(secret)"}}"#)
    }
    let generator = generator(server, key: .provided { secret })
    let failures = [
      await failure { _ = try await generator.generate(Self.request) },
      await failure { try await generator.checkConnection() },
    ]
    for failure in failures {
      #expect(failure?.kind == .authentication)
      #expect(!String(reflecting: failure).contains("abcdefgh"))
    }
  }
}
