/// A tool as a model sees it.
public struct ToolDescription: Hashable, Sendable, Codable {
  /// The name by which the model calls it.
  public var name: String
  /// What it does and when to use it, in words for the model.
  public var summary: String
  /// The JSON schema of the arguments.
  public var parameters: JSONValue

  /// A tool of this description.
  public init(name: String, summary: String, parameters: JSONValue) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
  }
}
