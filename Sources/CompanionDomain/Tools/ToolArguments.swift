import FoundationEssentials

/// Reads the arguments of a call, which a model has written: any JSON whatever.
///
/// A member that is `null` is one that is not there. Members that nobody knows are refused, so that a misspelt one
/// is not passed over in silence.
public struct ToolArguments: Sendable {
  /// The most bytes that the text of the arguments of one call may have.
  public static let maximumBytes = 4 << 20

  private let members: [String: JSONValue]

  /// - Parameter names: the members that there may be.
  /// - Throws: `ToolFailure.invalidArguments` unless it is an object with no other members.
  public init(_ json: JSONValue, names: [String]) throws(ToolFailure) {
    guard case .object(let members) = json else {
      throw .invalidArguments("they must be a JSON object.")
    }
    if let unknown = members.keys.filter({ !names.contains($0) }).min() {
      let known = names.isEmpty ? "there are none" : "there are \(names.sorted().joined(separator: ", "))"
      throw .invalidArguments("there is no “\(unknown.visible(limit: 64))”; \(known).")
    }
    self.members = members
  }

  /// Parses the arguments as a model has written them. Nothing at all, and white space, count as no arguments.
  ///
  /// - Throws: `ToolFailure.invalidArguments` when they are not JSON, or nested more deeply than
  ///   `JSONValue.maximumDepth`; `ToolFailure.tooLarge` above ``maximumBytes``.
  public static func parse(_ text: String) throws(ToolFailure) -> JSONValue {
    let bytes = text.utf8.count
    guard bytes <= maximumBytes else {
      throw .tooLarge(what: "The arguments", bytes: bytes, limit: maximumBytes)
    }
    if text.utf8.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return .object([:]) }
    guard let json = JSONValue(json: Data(text.utf8)) else {
      throw .invalidArguments("they are not JSON, or nested too deeply.")
    }
    return json
  }

  /// A string that must be there.
  public func string(_ name: String) throws(ToolFailure) -> String {
    try required(name, try optionalString(name))
  }

  /// A string, or `nil` where there is none.
  public func optionalString(_ name: String) throws(ToolFailure) -> String? {
    try value(of: name, "must be a string", \.string)
  }

  /// Strings; none where there is no such member.
  public func strings(_ name: String) throws(ToolFailure) -> [String] {
    try value(of: name, "must be an array of strings") { json in
      guard let elements = json.array else { return nil }
      let strings = elements.compactMap(\.string)
      return strings.count == elements.count ? strings : nil
    } ?? []
  }

  /// Whether something is wanted; not where there is no such member.
  public func flag(_ name: String) throws(ToolFailure) -> Bool {
    try value(of: name, "must be true or false") { json in
      if case .bool(let value) = json { value } else { nil }
    } ?? false
  }

  /// A whole number, or `nil` where there is none.
  public func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(ToolFailure) -> Int? {
    let limits = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
    return try value(of: name, limits) { json in
      let number: Int? =
        if case .integer(let value) = json {
          Int(exactly: value)
        } else {
          json.number.flatMap(Int.init(exactly:))
        }
      return number.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  private func required<Value>(_ name: String, _ value: Value?) throws(ToolFailure) -> Value {
    guard let value else { throw .invalidArguments("“\(name)” is missing.") }
    return value
  }

  private func value<Value>(
    of name: String, _ expectation: String, _ convert: (JSONValue) -> Value?
  ) throws(ToolFailure) -> Value? {
    guard let json = members[name], json != .null else { return nil }
    guard let value = convert(json) else { throw .invalidArguments("“\(name)” \(expectation).") }
    return value
  }
}
