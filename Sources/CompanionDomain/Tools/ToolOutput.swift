/// What a call of a tool has brought.
///
/// It is data, whatever it says: nothing in it is an instruction to whoever called.
public struct ToolOutput: Hashable, Sendable, Codable {
  /// What the model is told.
  public var content: String
  /// Whether the tool did what it was asked, and what it did went wrong: a program that ended with a status other
  /// than 0. What was not done at all is a ``ToolFailure``.
  public var isError: Bool
  /// Whether something was left out, which the content then says.
  public var isTruncated: Bool

  /// An output of these parts.
  public init(_ content: String, isError: Bool = false, isTruncated: Bool = false) {
    self.content = content
    self.isError = isError
    self.isTruncated = isTruncated
  }
}

extension ToolResult {
  /// The answer to a call that has brought something.
  public init(callID: String, output: ToolOutput) {
    self.init(callID: callID, outcome: output.isError ? .failed : .succeeded, content: output.content)
  }

  /// The answer to a call that was not done.
  public init(callID: String, failure: ToolFailure) {
    self.init(
      callID: callID, outcome: failure == .cancelled ? .interrupted : .failed, content: failure.description)
  }
}
