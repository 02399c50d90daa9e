/// Why a model's provider did not deliver, classified.
///
/// It holds what a person needs to act on and never a secret: keys, prompts and answers are not in it.
public struct ProviderFailure: Error, Hashable, Sendable, Codable {
  /// What happened.
  @nonexhaustive
  public enum Kind: String, Hashable, Sendable, Codable {
    /// More requests than the provider allows for now.
    case rateLimited
    /// The provider has more work than it can do.
    case overloaded
    /// Nothing came for too long. The request may have been carried out.
    case timedOut
    /// The network failed before the request was sent: nothing was billed.
    case unreachable
    /// The network failed after the request was sent: it may have been billed.
    case connectionLost
    /// The key is missing or wrong, or lacks a right.
    case authentication
    /// The account has nothing left. Waiting does not help.
    case quotaExhausted
    /// The provider does not know the model, or has no API at this address.
    case modelNotFound
    /// The provider does not take the request as it is.
    case invalidRequest
    /// The prompt is longer than the model can take.
    case contextLengthExceeded
    /// The provider's filter has stopped the prompt or the answer.
    case contentFiltered
    /// The model declined to answer.
    case refused
    /// What came is not a valid answer.
    case malformedResponse
    /// A stream ended before its end was announced.
    case streamCut
    /// The caller cancelled. It says nothing about the provider.
    case cancelled
    /// The answer ended before it was whole, at the model's or the request's limit on tokens.
    case incomplete
    /// The provider's server failed.
    case serverError
    /// The host's own budget for the provider is used up. Nothing was sent.
    case budgetExhausted
    /// No configured provider can do what the request needs. Nothing was sent.
    case notCapable
    /// No configured provider can be called now: they are in a cooldown, or at their limits. Nothing was sent.
    case noProviderReady
    /// None of the others.
    case unknown
  }

  /// What may be done about it.
  @nonexhaustive
  public enum Disposition: String, Hashable, Sendable, Codable {
    /// The same request may succeed later, at the same provider.
    case transient
    /// No request will succeed at this provider before somebody acts.
    case permanentForProvider
    /// This request will fail at any provider.
    case permanentForRequest
    /// The request may have been carried out, and billed.
    case ambiguous
    /// Not a failure of the provider: the caller cancelled.
    case neutral
  }

  /// What happened.
  public var kind: Kind
  /// What may be done about it.
  public var disposition: Disposition
  /// How long the provider asks to wait before the next try.
  public var retryAfter: Duration?
  /// The HTTP status, where there was one.
  public var status: Int?
  /// The provider's own code for the error.
  public var code: String?
  /// The provider's name for the request, to be quoted to its support.
  public var requestID: String?
  /// The provider's words, at most 500 characters.
  public var message: String

  /// - Parameter disposition: `nil` for the kind's usual one.
  public init(
    _ kind: Kind,
    disposition: Disposition? = nil,
    retryAfter: Duration? = nil,
    status: Int? = nil,
    code: String? = nil,
    requestID: String? = nil,
    message: String = ""
  ) {
    self.kind = kind
    self.disposition = disposition ?? kind.usualDisposition
    self.retryAfter = retryAfter
    self.status = status
    self.code = code.map(Self.storable)
    self.requestID = requestID.map(Self.storable)
    self.message = Self.storable(message)
  }
}

extension ProviderFailure {
  /// What a provider wrote, in a form that can be stored and shown: no control characters, no more than 500
  /// characters.
  private static func storable(_ text: String) -> String {
    let scalars = text.prefix(500).unicodeScalars.lazy
      .map { $0.properties.generalCategory == .control ? " " : $0 }
    return String(String.UnicodeScalarView(scalars))
  }
}

extension ProviderFailure.Kind {
  /// The disposition that a failure of this kind has unless something says otherwise.
  public var usualDisposition: ProviderFailure.Disposition {
    switch self {
    case .rateLimited, .overloaded, .unreachable, .serverError, .noProviderReady: .transient
    case .timedOut, .connectionLost, .streamCut, .malformedResponse, .unknown: .ambiguous
    case .authentication, .quotaExhausted, .modelNotFound, .budgetExhausted: .permanentForProvider
    case .invalidRequest, .contextLengthExceeded, .contentFiltered, .refused, .incomplete, .notCapable:
      .permanentForRequest
    case .cancelled: .neutral
    }
  }
}

extension ProviderFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    var line = "\(whatHappened) \(whatToDo)"
    let details = [
      message.isEmpty ? nil : (isOwn ? "" : "the provider says: ") + singleLine(message),
      status.map { "HTTP \($0)" },
      code.map { "code \(singleLine($0))" },
      requestID.map { "request \(singleLine($0))" },
    ].compactMap(\.self)
    if !details.isEmpty { line += " (\(details.joined(separator: "; ")))" }
    return line
  }

  private var whatHappened: String {
    switch kind {
    case .rateLimited: "The model's provider is limiting the rate of requests."
    case .overloaded: "The model's provider is overloaded."
    case .timedOut: "The model did not answer in time."
    case .unreachable: "The model's server could not be reached."
    case .connectionLost: "The connection to the model was lost."
    case .authentication: "The model's provider did not accept the key."
    case .quotaExhausted: "The account at the model's provider has no quota left."
    case .modelNotFound: "The provider does not know this model or address."
    case .invalidRequest: "The model's provider rejected the request as invalid."
    case .contextLengthExceeded: "What was sent is longer than the model can take."
    case .contentFiltered: "The provider's content filter stopped the answer."
    case .refused: "The model refused to answer."
    case .malformedResponse: "The model's server sent something that is not a valid answer."
    case .streamCut: "The answer was cut off in the middle."
    case .cancelled: "The request was cancelled."
    case .incomplete: "The answer ended at the limit on its tokens before it was whole."
    case .serverError: "The model's server failed."
    case .budgetExhausted: "The budget for the model is used up."
    case .notCapable: "No configured provider can do what this needs."
    case .noProviderReady: "No configured provider can be called now."
    case .unknown: "The model failed in an unknown way."
    }
  }

  private var whatToDo: String {
    if let retryAfter {
      return "Try again in \(Self.spoken(retryAfter))."
    }
    return switch kind {
    case .authentication: "Check the key and its rights."
    case .quotaExhausted: "Check the plan and billing there, or use another provider."
    case .modelNotFound: "Check the model's name and the base URL."
    case .unreachable: "Check the base URL and that the server is running."
    case .invalidRequest: "Change the text, or check the model's name and the base URL."
    case .contentFiltered, .refused: "Change the text."
    case .contextLengthExceeded: "Shorten it, or use a model with a larger window."
    case .incomplete: "Raise the limit, or ask for less."
    case .budgetExhausted: "Raise the budget, or use another provider."
    case .notCapable: "Configure a provider that can."
    case .cancelled: "Send it again if it was not meant."
    case .malformedResponse: "Check that the base URL is of the configured API."
    default: "Try again."
    }
  }

  /// Whether the words are this library's, and not the provider's: nothing has come from it, or nothing that makes
  /// sense.
  private var isOwn: Bool {
    switch kind {
    case .budgetExhausted, .notCapable, .noProviderReady, .malformedResponse: true
    case .unreachable, .connectionLost, .timedOut, .streamCut: status == nil
    default: false
    }
  }

  /// A wait in the unit that a person would choose, rounded up.
  private static func spoken(_ duration: Duration) -> String {
    let seconds = max(1, (duration.milliseconds / 1000).rounded(.up))
    let units: [(name: String, seconds: Double)] = [("days", 86_400), ("h", 3_600), ("min", 60)]
    for unit in units where seconds >= unit.seconds * 2 {
      return "\(Int((seconds / unit.seconds).rounded(.up))) \(unit.name)"
    }
    return "\(Int(seconds)) s"
  }

  private func singleLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
