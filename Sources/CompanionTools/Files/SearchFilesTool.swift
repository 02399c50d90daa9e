import CompanionDomain
import CompanionPorts

/// `search_files`
struct SearchFilesTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("text", "string", "What to look for, literally, within a line; no pattern", isRequired: true)
    .adding("folder", "string", "The folder to look in, with all below it; the whole workspace if left out")
    .adding(
      "pattern", "string",
      "Only files whose name has this pattern, such as *.md, or whose path has, such as docs/**/*.md"
    )
    .adding("exact", "boolean", "Whether upper and lower case differ; they do not if left out")

  var description: ToolDescription {
    ToolDescription(
      name: "search_files",
      summary: "Finds a text in the text files of the workspace. Each line with it comes as path:line: text.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .readsOnly }
  var isIdempotent: Bool { true }

  func summary(of arguments: JSONValue) -> String {
    let place = arguments["folder"] == nil ? "the workspace" : arguments.spoken("folder")
    return "search \(place) for \(arguments.spoken("text"))"
  }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let search = try LiteralSearch(try arguments.string("text"), isExact: try arguments.flag("exact"))
    let folder = try arguments.folder("folder")
    return try await files.search(search, in: folder, matching: try arguments.pattern("pattern"))
  }
}
