public import CompanionDomain

/// Something that a model can have done, by a call.
///
/// What a call is given was written by a model, and may be any JSON. What it brings is data, and no instruction to
/// anybody. A tool is called from many tasks at once.
public protocol Tool: Sendable {
  /// What a model is told of it. The name has 1 to 64 ASCII letters, digits, `_` and `-`; the parameters are the
  /// JSON schema of an object. It does not change.
  var description: ToolDescription { get }

  /// What a call may do to the world, at most.
  var effect: ToolEffect { get }

  /// Whether a call that was begun, and of which nobody knows how it ended, may be made once more: whether the
  /// world is the same after two calls as after one, whatever others have done between them.
  var isIdempotent: Bool { get }

  /// What a call would do, for the person who is asked whether it may: “write notes.md, 120 bytes”.
  ///
  /// - Parameter arguments: any JSON, also what the call would refuse.
  /// - Returns: one line of at most 1,000 characters, all of which are seen as themselves.
  func summary(of arguments: JSONValue) -> String

  /// Does it.
  ///
  /// When its task is cancelled, it ends soon, and whatever it began has been stopped when it returns.
  ///
  /// - Parameter arguments: any JSON; what the schema does not allow is refused.
  /// - Returns: what came of it, of bounded length.
  /// - Throws: `ToolFailure` when it was not done.
  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput
}

extension Tool {
  /// The tool's name and the arguments, as far as they fit on a line.
  public func summary(of arguments: JSONValue) -> String {
    let text = "\(description.name) \(arguments.shortText(depth: 4))"
    return text.visible(limit: 500)
  }

  /// Makes a call as a model has written it, and answers it in any case: there is one result for each call.
  ///
  /// Whether the call may be made is not asked here.
  public func answer(_ call: ToolCall) async -> ToolResult {
    do throws(ToolFailure) {
      let output = try await self.call(try ToolArguments.parse(call.arguments))
      return ToolResult(callID: call.id, output: output)
    } catch {
      return ToolResult(callID: call.id, failure: error)
    }
  }
}

extension JSONValue {
  /// The value for a person, its members in the order of their names; what is nested more deeply is left out.
  fileprivate func shortText(depth: Int) -> String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "“\(value.visible(limit: 200))”"
    case .array where depth == 0, .object where depth == 0: "…"
    case .array(let elements):
      "[" + elements.prefix(20).map { $0.shortText(depth: depth - 1) }.joined(separator: ", ")
        + (elements.count > 20 ? ", …" : "") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.prefix(20)
        .map { "\($0.key.visible(limit: 64)): \($0.value.shortText(depth: depth - 1))" }
        .joined(separator: ", ") + (members.count > 20 ? ", …" : "") + "}"
    }
  }
}
