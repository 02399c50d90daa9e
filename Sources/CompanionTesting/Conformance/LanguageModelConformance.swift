import CompanionApplication
import CompanionDomain
public import CompanionPorts
import FoundationEssentials

/// What every `LanguageModel` promises, for those who write their own.
///
/// The checks ask short questions, some fifty in all, and do not look at what the answers say. A model
/// behind an address is best checked against a server of the test's own.
public enum LanguageModelConformance {
  /// All promises that hold for every model.
  public static let checks: [ConformanceCheck<any LanguageModel>] = [
    ConformanceCheck("A model has a name") { try hasAName($0) },
    ConformanceCheck("A question is answered whole") { try await answersWhole($0) },
    ConformanceCheck("A streamed answer ends with its end, and nothing follows") {
      try await streamsToTheEnd($0)
    },
    ConformanceCheck("JSON is what it says where it is asked for") { try await answersInJSON($0) },
    ConformanceCheck("An empty prompt is answered or refused") { try await survivesAnEmptyPrompt($0) },
    ConformanceCheck("A request that is cancelled beforehand ends") {
      try await endsWhenCancelledBeforehand($0)
    },
    ConformanceCheck("A request that is cancelled midway ends") { try await endsWhenCancelledMidway($0) },
    ConformanceCheck("A stream that is cancelled midway ends") { try await endsWhenCancelledInAStream($0) },
    ConformanceCheck("A stream can be let go of") { try await survivesAnAbandonedStream($0) },
    ConformanceCheck("Many streams go on at once") { try await streamsConcurrently($0) },
  ]

  /// For a model that answers the same question the same way: streamed or whole, it says the same.
  public static let consistency = ConformanceCheck<any LanguageModel>(
    "A streamed answer says what a whole one says"
  ) { try await streamsWhatItAnswers($0) }

  /// Checks all promises, one after another.
  ///
  /// - Parameters:
  ///   - model: the implementation.
  ///   - limit: how long each check may take.
  ///   - time: measures the limit. It has to go on by itself: a real clock, or a simulator's.
  /// - Throws: ``ConformanceReport`` with every broken promise.
  public static func run(
    on model: any LanguageModel, within limit: Duration = .seconds(60), measuredBy time: any TimeSource
  ) async throws {
    try await ConformanceCheck.run(checks, on: model, within: limit, measuredBy: time)
  }

  private static let question = GenerationRequest(
    purpose: .answer, messages: [PromptMessage(.user, "Say hello in one short sentence.")])

  private static func hasAName(_ model: any LanguageModel) throws {
    guard !model.identity.provider.isEmpty, !model.identity.model.isEmpty else {
      throw BrokenPromise(expected: "a provider and a model", found: "\(model.identity)")
    }
  }

  private static func answersWhole(_ model: any LanguageModel) async throws {
    let response = try await model.generate(question)
    guard !response.text.isEmpty else { throw BrokenPromise(expected: "some text", found: "none") }
  }

  private static func streamsToTheEnd(_ model: any LanguageModel) async throws {
    guard try await !text(of: model.stream(question)).isEmpty else {
      throw BrokenPromise(expected: "some text", found: "none")
    }
  }

  private static func streamsWhatItAnswers(_ model: any LanguageModel) async throws {
    let whole = try await model.generate(question).text
    let streamed = try await text(of: model.stream(question))
    guard streamed == whole else { throw BrokenPromise(expected: "“\(whole)”", found: "“\(streamed)”") }
  }

  private static func answersInJSON(_ model: any LanguageModel) async throws {
    var request = question
    request.format = .json(
      schema: [
        "type": "object", "properties": ["greeting": ["type": "string"]], "required": ["greeting"],
        "additionalProperties": false,
      ], name: "greeting")
    let text = try await model.generate(request).text
    guard (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) != nil else {
      throw BrokenPromise(expected: "JSON", found: "“\(text.prefix(200))”")
    }
  }

  private static func survivesAnEmptyPrompt(_ model: any LanguageModel) async throws {
    let request = GenerationRequest(purpose: .answer, messages: [])
    // Either is fine, as long as it comes.
    _ = try? await model.generate(request)
    do { _ = try await text(of: model.stream(request)) } catch is ProviderFailure {}
  }

  private static func endsWhenCancelledBeforehand(_ model: any LanguageModel) async throws {
    let requests = Unstructured.start { () -> Result<Void, any Error> in
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return await Result {
        try await acceptingCancellation { _ = try await model.generate(question) }
        try await acceptingCancellation { _ = try await text(of: model.stream(question)) }
      }
    }
    try await requests.value.get()
  }

  private static func endsWhenCancelledMidway(_ model: any LanguageModel) async throws {
    let request = Unstructured.start {
      await Result { try await acceptingCancellation { _ = try await model.generate(question) } }
    }
    // Lets the request begin; how far it gets does not matter.
    for _ in 0..<10 { await Task.yield() }
    request.cancel()
    try await request.value.get()
  }

  private static func endsWhenCancelledInAStream(_ model: any LanguageModel) async throws {
    let request = Unstructured.start {
      await Result {
        try await acceptingCancellation {
          for try await _ in try await model.stream(question) {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
          }
        }
      }
    }
    try await request.value.get()
  }

  private static func survivesAnAbandonedStream(_ model: any LanguageModel) async throws {
    for try await _ in try await model.stream(question) { break }
    try await answersWhole(model)
  }

  private static func streamsConcurrently(_ model: any LanguageModel) async throws {
    try await withThrowingTaskGroup { group in
      for _ in 0..<32 { group.addTask { try await streamsToTheEnd(model) } }
      try await group.waitForAll()
    }
  }
}

/// Reads a stream to its end, and checks how it ends.
private func text(of stream: GenerationStream) async throws -> String {
  var text = ""
  var reports = 0
  var events = stream.makeAsyncIterator()
  while let event = try await events.next() {
    switch event {
    case .text(let piece): text += piece
    case .usage: reports += 1
    case .reasoning, .toolCall: break
    case .finished:
      if let extra = try await events.next() {
        throw BrokenPromise(expected: "nothing after the end", found: "\(extra)")
      }
      guard reports < 2 else {
        throw BrokenPromise(expected: "one report of tokens at most", found: "\(reports)")
      }
      return text
    }
  }
  throw BrokenPromise(expected: "`finished`, or a failure", found: "a stream that just stops")
}
