import CompanionDomain
import CompanionPorts

/// `edit_file`
struct EditFileTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("path", "string", "The file, from the top of the workspace: notes/today.md", isRequired: true)
    .adding(
      "old_text", "string", "The text to replace, exactly as it is in the file, where it occurs once",
      isRequired: true
    )
    .adding("new_text", "string", "The text to put in its place; may be empty", isRequired: true)
    .adding("all", "boolean", "Whether every occurrence is replaced; only one may be there if left out")

  var description: ToolDescription {
    ToolDescription(
      name: "edit_file",
      summary:
        "Replaces a text in a text file of the workspace by another. Nothing is changed unless the old text "
        + "is there exactly once, or all occurrences are asked for.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .changesFiles }
  /// What was replaced may be there again.
  var isIdempotent: Bool { false }

  func summary(of arguments: JSONValue) -> String {
    let all = arguments["all"] == true ? "every " : ""
    return "edit \(arguments.spoken("path")): replace \(all)\(arguments.spoken("old_text")) "
      + "by \(arguments.spoken("new_text"))"
  }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let path = try WorkspacePath(try arguments.string("path"))
    let edit = try TextEdit(
      replacing: try arguments.string("old_text"), with: try arguments.string("new_text"),
      everywhere: try arguments.flag("all"))
    let count = try await files.whileNotCancelled { files throws(ToolFailure) in try files.edit(path, edit) }
    return ToolOutput("Replaced \(count) \(count == 1 ? "occurrence" : "occurrences") in \(path).")
  }
}
