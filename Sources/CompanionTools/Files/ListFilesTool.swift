import CompanionDomain
import CompanionPorts

/// `list_files`
struct ListFilesTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("folder", "string", "The folder; the whole workspace if left out")
    .adding(
      "depth", "integer", "How many folders to go into; 1, which is this folder alone, if left out",
      ["minimum": 1, "maximum": .integer(Int64(WorkspacePath.maximumDepth))]
    )
    .adding(
      "pattern", "string",
      "Only files whose name has this pattern, such as *.md, or whose path has, such as docs/**/*.md")

  var description: ToolDescription {
    ToolDescription(
      name: "list_files",
      summary:
        "Lists the files and folders of a folder of the workspace, with their sizes, in the order of their "
        + "names. With a pattern and no depth, it looks in all folders below.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .readsOnly }
  var isIdempotent: Bool { true }

  func summary(of arguments: JSONValue) -> String {
    arguments["folder"] == nil ? "list the workspace" : "list \(arguments.spoken("folder"))"
  }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let folder = try arguments.folder("folder")
    let pattern = try arguments.pattern("pattern")
    let depth = try arguments.optionalInteger("depth", in: 1...WorkspacePath.maximumDepth)
    return try await files.list(
      folder, depth: depth ?? (pattern == nil ? 1 : WorkspacePath.maximumDepth), matching: pattern)
  }
}
