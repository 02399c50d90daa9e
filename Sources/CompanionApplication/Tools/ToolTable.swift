import CompanionDomain
package import CompanionPorts

/// The tools of a companion, by their names.
package struct ToolTable: Sendable {
  private let tools: [String: any Tool]
  /// What models are told of them, by their names.
  let descriptions: [ToolDescription]

  /// - Parameter tools: of two of the same name, the later one counts.
  package init(_ tools: [any Tool]) {
    self.tools = Dictionary(tools.map { ($0.description.name, $0) }, uniquingKeysWith: { _, later in later })
    descriptions = self.tools.values.map(\.description).sorted { $0.name < $1.name }
  }

  var isEmpty: Bool { tools.isEmpty }

  subscript(name: String) -> (any Tool)? { tools[name] }

  /// Why a call of a tool that is not there is not made.
  ///
  /// - Parameter offered: what is there.
  static func refusal(of call: ToolCall, among offered: [ToolDescription]) -> ToolFailure {
    let names = offered.map(\.name).joined(separator: ", ")
    return .unavailable(
      "There is no tool “\(call.name.visible(limit: 64))”. "
        + (names.isEmpty ? "There are no tools any more." : "There are: \(names)."))
  }

  /// What a call would do, on a line for a person.
  static func summary(of call: ToolCall, by tool: any Tool) -> String {
    guard let arguments = try? ToolArguments.parse(call.arguments) else {
      return "\(tool.description.name) with arguments that are not JSON"
    }
    return tool.summary(of: arguments).visible(limit: 1000)
  }
}
