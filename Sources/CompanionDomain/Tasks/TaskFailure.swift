/// Why an attempt at a task, or the task, failed.
@nonexhaustive
public enum TaskFailure: Error, Hashable, Sendable, Codable {
  /// The model failed.
  indirect case provider(ProviderFailure)
  /// The attempt took longer than this.
  case attemptTimedOut(after: Duration)
  /// Its worker fell silent; so many did, one after another.
  case abandoned(rescues: Int)
  /// The task's own deadline passed.
  case deadlinePassed
  /// No handler is registered for its kind.
  case unknownKind(TaskKind)
  /// The payload is not what its handler takes.
  case undecodable(String)
  /// The payload is larger than what may be worked on, in bytes.
  case oversized(bytes: Int, limit: Int)
  /// The store cannot hold what came of it.
  case unstorable(String)
  /// The handler says why. What is not permanent may succeed when it is tried again.
  case handler(String, isPermanent: Bool)

  /// Whether another attempt may succeed.
  public var isRetryable: Bool {
    switch self {
    case .provider(let failure):
      switch failure.disposition {
      case .transient, .ambiguous, .neutral: true
      case .permanentForProvider, .permanentForRequest: false
      }
    case .attemptTimedOut, .abandoned: true
    case .handler(_, let isPermanent): !isPermanent
    case .deadlinePassed, .unknownKind, .undecodable, .oversized, .unstorable: false
    }
  }

  /// Whether the failure may have passed when the task is looked at again much later. What killed its
  /// workers does not pass.
  public var mayPass: Bool {
    if case .abandoned = self { false } else { isRetryable }
  }

  /// Whether the work may have been done, and billed, all the same.
  public var isAmbiguous: Bool {
    switch self {
    case .provider(let failure): failure.disposition == .ambiguous
    case .attemptTimedOut, .abandoned: true
    case .deadlinePassed, .unknownKind, .undecodable, .oversized, .unstorable, .handler: false
    }
  }

  /// The same, in a form that any store holds: no NUL in what a host has written, and no more of it than 4,000
  /// characters.
  package var storable: TaskFailure {
    switch self {
    case .undecodable(let text): .undecodable(Self.storable(text))
    case .unstorable(let text): .unstorable(Self.storable(text))
    case .handler(let text, let isPermanent): .handler(Self.storable(text), isPermanent: isPermanent)
    default: self
    }
  }

  private static func storable(_ text: String) -> String {
    let scalars = text.prefix(4_000).unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }
    return String(String.UnicodeScalarView(scalars))
  }

  /// How long the provider asks to wait before the next attempt.
  public var retryAfter: Duration? {
    if case .provider(let failure) = self { failure.retryAfter } else { nil }
  }
}

extension TaskFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .provider(let failure): failure.description
    case .attemptTimedOut(let limit):
      "The work was not done within \(limit). Ask for it in smaller parts, or raise the limit."
    case .abandoned(let rescues):
      "The process that worked on it ended \(rescues) times before it was done. Ask for it again in smaller parts."
    case .deadlinePassed: "Its deadline passed before it was done. Ask for it again with more time."
    case .unknownKind(let kind):
      "No handler is registered for tasks of the kind \(kind). Register one, then retry the task."
    case .undecodable(let what):
      "Its payload cannot be read: \(what). Register an upgrade for it, then retry the task."
    case .oversized(let bytes, let limit):
      "Its payload has \(bytes) bytes, and \(limit) are allowed. Make it smaller, or raise the limit."
    case .unstorable(let what): "Its result cannot be stored: \(what)."
    case .handler(let what, _): what
    }
  }
}
