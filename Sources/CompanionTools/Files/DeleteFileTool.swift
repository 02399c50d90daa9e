import CompanionDomain
import CompanionPorts

/// `delete_file`
struct DeleteFileTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("path", "string", "The file or empty folder, from the top of the workspace", isRequired: true)

  var description: ToolDescription {
    ToolDescription(
      name: "delete_file",
      summary: "Deletes a file of the workspace, or a folder that is empty. It is not kept.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .changesFiles }
  /// Another file may have come into its place.
  var isIdempotent: Bool { false }

  func summary(of arguments: JSONValue) -> String { "delete \(arguments.spoken("path"))" }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let path = try WorkspacePath(folder: try arguments.string("path"))
    let kind = try await files.whileNotCancelled { files throws(ToolFailure) in try files.delete(path) }
    return ToolOutput("Deleted \(kind == .folder ? "the folder " : "")\(path).")
  }
}
