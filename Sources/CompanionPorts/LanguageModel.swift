public import CompanionDomain

/// A language model.
///
/// A model makes one attempt and classifies what goes wrong; whether to try again, and where, is decided
/// by its caller. Cancelling the task that calls ends the request.
public protocol LanguageModel: Sendable {
  /// Which model this is.
  var identity: ModelIdentity { get }

  /// Answers whole.
  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse

  /// Answers piece by piece.
  ///
  /// Returns when the provider has taken the request, so that a refusal is thrown here. The last event is
  /// ``GenerationEvent/finished(_:)``; a stream that ends without one has been cut, and throws so. Letting
  /// go of the stream ends the request.
  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream
}
