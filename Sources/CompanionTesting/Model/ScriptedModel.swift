public import CompanionDomain
public import CompanionPorts

/// A model that answers as a test has written down, and remembers what it was asked.
///
/// ```swift
/// let model = ScriptedModel([
///   ["Hello, ", "world"],                                    // the first request's answer
///   ["Well", .pause(.seconds(30), on: clock), "…"],          // the second one's
///   .refusing(ProviderFailure(.rateLimited)),                // the third is refused
/// ])
/// ```
///
/// Every step is taken when the consumer asks for it and not before. Wherever it is, a cancelled request
/// ends with a failure of kind `cancelled`.
public final class ScriptedModel: LanguageModel {
  /// Which model this says it is.
  public let identity: ModelIdentity

  private let answer: @Sendable (GenerationRequest) -> [ModelStep]
  private let log = Recording<GenerationRequest>()

  /// A model that makes up its answers.
  ///
  /// - Parameters:
  ///   - identity: which model it says it is.
  ///   - answer: the steps of the answer to a request; called once for each.
  public init(
    identity: ModelIdentity = .scripted, answer: @escaping @Sendable (GenerationRequest) -> [ModelStep]
  ) {
    self.identity = identity
    self.answer = answer
  }

  /// A model that gives one answer after another, in order of the requests. A request after the last of
  /// them is refused as invalid.
  public convenience init(identity: ModelIdentity = .scripted, _ answers: [[ModelStep]]) {
    let played = Recording<Void>()
    self.init(identity: identity) { _ in
      let index = played.append(())
      guard answers.indices.contains(index) else {
        let message = "The script has \(answers.count) answers, and this is request \(index + 1)."
        return .refusing(ProviderFailure(.invalidRequest, message: message))
      }
      return answers[index]
    }
  }

  /// A model that gives the same answer to every request.
  public static func answering(_ steps: ModelStep...) -> ScriptedModel { ScriptedModel { _ in steps } }

  /// A model that refuses every request.
  public static func refusing(_ failure: ProviderFailure) -> ScriptedModel {
    ScriptedModel { _ in .refusing(failure) }
  }

  /// A model that takes every request and never says anything, until it is cancelled.
  public static var hanging: ScriptedModel { .answering(.hang) }

  /// What it has been asked, in order.
  public var requests: [GenerationRequest] { log.elements }

  /// What it has been asked for one purpose, in order.
  public func requests(for purpose: CallPurpose) -> [GenerationRequest] {
    requests.filter { $0.purpose == purpose }
  }

  /// Suspends until it has been asked so often; returns early when the waiting task is cancelled.
  public func requests(atLeast count: Int) async {
    try? await log.wait(for: count)
  }

  /// Plays the whole script and puts the pieces together.
  public func generate(
    _ request: GenerationRequest
  ) async throws(ProviderFailure) -> GenerationResponse {
    var response = GenerationResponse(text: "")
    var calls: [Int: ToolCall] = [:]
    for try await event in try await stream(request) {
      switch event {
      case .text(let text): response.text += text
      case .reasoning(let text): response.reasoning += text
      case .usage(let usage): response.usage = usage
      case .finished(let reason): response.finish = reason
      case .toolCall(let delta):
        var call = calls[delta.index] ?? ToolCall(id: "", name: "", arguments: "")
        call.id += delta.id ?? ""
        call.name += delta.name ?? ""
        call.arguments += delta.arguments
        calls[delta.index] = call
      }
    }
    response.toolCalls = calls.sorted { $0.key < $1.key }.map(\.value)
    return response
  }

  /// Plays the script up to ``ModelStep/accept``, if it has one, and the rest as the stream is read.
  public func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    log.append(request)
    let steps = answer(request)
    guard let acceptance = steps.firstIndex(where: \.isAcceptance) else {
      guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
      return GenerationStream(ScriptedEvents(steps: steps[...]))
    }
    var opening = ScriptedEvents(steps: steps[..<acceptance], announcesEnd: false).makeAsyncIterator()
    while try await opening.next(isolation: #isolation) != nil {}
    return GenerationStream(ScriptedEvents(steps: steps[(acceptance + 1)...]))
  }
}

extension ModelIdentity {
  /// The identity of a scripted model.
  public static let scripted = ModelIdentity(provider: "companion.testing", model: "scripted")
}
