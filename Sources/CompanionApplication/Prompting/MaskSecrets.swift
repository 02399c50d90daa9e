import CompanionDomain
package import CompanionPorts

/// Masks secrets in whatever goes to a provider: what is known to be one by its form, then what the host says is one.
package struct MaskSecrets: Sendable {
  let masking: (any SecretMasking)?

  package init(_ masking: (any SecretMasking)?) { self.masking = masking }

  /// What only the host knows to be a secret, masked.
  func hosts(_ text: String) -> String { masking?.masked(text) ?? text }

  func callAsFunction(_ text: String) -> String { hosts(SecretMask.masked(text)) }

  /// A text without its secrets, as it is embedded: never blank, which no model takes.
  func forEmbedding(_ text: String) -> String {
    let masked = self(text)
    return masked.isBlank ? SecretMask.mark : masked
  }

  /// A request without secrets in what its messages say, call and return. The system's words are the host's own.
  func callAsFunction(_ request: GenerationRequest) -> GenerationRequest {
    var request = request
    for place in request.messages.indices where request.messages[place].role != .system {
      request.messages[place].parts = request.messages[place].parts.map { $0.masked { self($0) } }
    }
    return request
  }
}
