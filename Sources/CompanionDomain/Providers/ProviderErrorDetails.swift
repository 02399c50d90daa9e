/// What a provider says about an error, in the words that it chose.
public struct ProviderErrorDetails: Hashable, Sendable {
  /// Every name that the error carries, from the outermost to the innermost: `code`, `type` and the like.
  public var codes: [String]
  /// The HTTP status that the error itself names; an error inside a stream has no other.
  public var status: Int?
  /// What it says to people.
  public var message: String

  /// Details that are known one by one.
  public init(codes: [String] = [], status: Int? = nil, message: String = "") {
    self.codes = codes
    self.status = status
    self.message = message
  }

  /// Reads the body of an error as the providers write it.
  ///
  /// `{"error": {…}}` with an object or a text, an object without that frame, and nested errors such as
  /// Azure's `innererror` are all understood. Nothing is demanded: what is not there is left out.
  public init(_ json: JSONValue) {
    self.init()
    let error: JSONValue
    switch json["error"] {
    case nil, .null: error = json
    case let framed?: error = framed
    }
    if case .string(let text) = error {
      message = text
    } else {
      collect(from: error, depth: 4)
    }
  }

  private static let nameKeys = ["code", "type", "error_code", "reason", "status"]
  private static let messageKeys = ["message", "detail", "error", "msg"]
  private static let nestedKeys = ["innererror", "inner_error", "details", "detail", "error", "metadata"]

  private mutating func collect(from error: JSONValue, depth: Int) {
    guard depth > 0 else { return }
    for name in Self.nameKeys.compactMap({ error[$0] }) {
      if let text = name.string, !text.isEmpty, Int(text) == nil { codes.append(text) }
      let number = name.number ?? name.string.flatMap(Double.init)
      if status == nil, let number, (400..<600).contains(number) { status = Int(number) }
    }
    if message.isEmpty { message = Self.messageKeys.lazy.compactMap { error[$0]?.string }.first ?? "" }
    for nested in Self.nestedKeys.compactMap({ error[$0] }) {
      for inner in nested.array ?? [nested] { collect(from: inner, depth: depth - 1) }
    }
  }
}
