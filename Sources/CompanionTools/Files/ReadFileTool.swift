import CompanionDomain
import CompanionPorts

/// `read_file`
struct ReadFileTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("path", "string", "The file, from the top of the workspace: notes/today.md", isRequired: true)
    .adding("first_line", "integer", "The first line wanted, from 1; 1 if left out", ["minimum": 1])
    .adding("line_count", "integer", "How many lines, at most; all if left out", ["minimum": 1])

  var description: ToolDescription {
    ToolDescription(
      name: "read_file",
      summary:
        "Reads a text file of the workspace, or some of its lines. The lines come as they are; a note in "
        + "brackets behind them says which they are when that is not the whole file.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .readsOnly }
  var isIdempotent: Bool { true }

  func summary(of arguments: JSONValue) -> String { "read \(arguments.spoken("path"))" }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let path = try WorkspacePath(try arguments.string("path"))
    let excerpt = TextExcerpt(
      firstLine: try arguments.optionalInteger("first_line", in: 1...1_000_000_000) ?? 1,
      lineCount: try arguments.optionalInteger("line_count", in: 1...1_000_000_000))
    return try await files.whileNotCancelled { files throws(ToolFailure) in try files.read(path, excerpt) }
  }
}
