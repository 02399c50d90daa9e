public import CompanionDomain
public import CompanionPorts

/// One step of a scripted answer. A string literal is a piece of text.
///
/// An answer that does not say how it ends finishes with `stop`.
public struct ModelStep: Sendable {
  enum Action: Sendable {
    case event(GenerationEvent)
    case perform(@Sendable () async throws -> Void)
    case fail(ProviderFailure)
    case accept
  }

  let action: Action

  /// One event as it is.
  public static func event(_ event: GenerationEvent) -> ModelStep { ModelStep(action: .event(event)) }

  /// A piece of text.
  public static func text(_ text: String) -> ModelStep { .event(.text(text)) }

  /// A piece of thought.
  public static func reasoning(_ text: String) -> ModelStep { .event(.reasoning(text)) }

  /// A whole tool call in one piece.
  public static func toolCall(_ call: ToolCall, index: Int = 0) -> ModelStep {
    .event(.toolCall(ToolCallDelta(index: index, id: call.id, name: call.name, arguments: call.arguments)))
  }

  /// The tokens of the request.
  public static func usage(input: Int, output: Int) -> ModelStep {
    .event(.usage(TokenUsage(input: input, output: output)))
  }

  /// The end of the answer. Steps after it are not taken.
  public static func finish(_ reason: FinishReason) -> ModelStep { .event(.finished(reason)) }

  /// The provider takes the request: `stream` returns here, and throws what fails before. Without this step
  /// a request is taken at once. An event before it is lost.
  public static var accept: ModelStep { ModelStep(action: .accept) }

  /// The answer fails here.
  public static func fail(_ failure: ProviderFailure) -> ModelStep { ModelStep(action: .fail(failure)) }

  /// The answer fails here with a failure of this kind.
  public static func fail(_ kind: ProviderFailure.Kind) -> ModelStep { .fail(ProviderFailure(kind)) }

  /// The model says nothing for some time.
  public static func pause(_ duration: Duration, on time: any TimeSource) -> ModelStep {
    .perform { try await time.sleep(for: duration) }
  }

  /// The model says nothing until a gate opens.
  public static func wait(for gate: Gate) -> ModelStep { .perform { try await gate.wait() } }

  /// The model says nothing more, until the request is cancelled.
  public static var hang: ModelStep { .wait(for: Gate()) }

  /// Does something of the test's own. A `ProviderFailure` that it throws is the answer's, a
  /// `CancellationError` cancels it, and any other error fails it as `unknown`.
  public static func perform(_ action: @escaping @Sendable () async throws -> Void) -> ModelStep {
    ModelStep(action: .perform(action))
  }

  var isAcceptance: Bool {
    if case .accept = action { true } else { false }
  }
}

extension ModelStep: ExpressibleByStringLiteral {
  /// A piece of text.
  public init(stringLiteral text: String) { self = .text(text) }
}

extension [ModelStep] {
  /// The answer of a provider that does not take the request: `stream` itself throws.
  public static func refusing(_ failure: ProviderFailure) -> [ModelStep] { [.fail(failure), .accept] }
}
