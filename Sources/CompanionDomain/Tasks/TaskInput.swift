/// What ended a task's wait.
@nonexhaustive
public enum TaskInput: Hashable, Sendable {
  /// What somebody has said, such as an answer.
  case text(String)
  /// The task is to take its job from this provider.
  case leave(ProviderID)

  /// What somebody has said; `nil` for what nobody has.
  public var text: String? {
    if case .text(let text) = self { text } else { nil }
  }
}

extension TaskInput: ExpressibleByStringLiteral {
  /// A text that is written in code.
  public init(stringLiteral text: String) { self = .text(text) }
}

// MARK: - As it is stored

extension TaskInput {
  /// The input in one text: what somebody has said is in it as it was said. No text that can be said is the
  /// form of anything else.
  public var stored: String {
    switch self {
    // One that begins like an order begins so twice.
    case .text(let text): text.unicodeScalars.first == Self.escape ? "\(Self.escape)\(text)" : text
    case .leave(let provider): "\(Self.escape)\(Self.leaving)\(provider.rawValue)"
    }
  }

  /// The input of a text as ``stored`` gives it. One that it does not give is taken for what somebody has said.
  public init(stored: String) {
    guard stored.unicodeScalars.first == Self.escape else {
      self = .text(stored)
      return
    }
    let order = stored.unicodeScalars.dropFirst()
    let name = order.dropFirst(Self.leaving.unicodeScalars.count)
    if order.first == Self.escape {
      self = .text(String(order))
    } else if order.starts(with: Self.leaving.unicodeScalars), let provider = ProviderID(String(name)) {
      self = .leave(provider)
    } else {
      self = .text(stored)
    }
  }

  /// The control character that says that what follows is not data.
  private static let escape: Unicode.Scalar = "\u{10}"
  private static let leaving = "leave "
}

extension TaskInput: Codable {
  /// Reads an input; see ``init(stored:)``.
  public init(from decoder: any Decoder) throws {
    self.init(stored: try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes an input; see ``stored``.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(stored)
  }
}
