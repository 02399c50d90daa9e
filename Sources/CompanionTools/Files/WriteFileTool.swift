import CompanionDomain
import CompanionPorts

/// `write_file`
struct WriteFileTool: Tool {
  let files: WorkspaceFiles

  private static let schema = ToolSchema()
    .adding("path", "string", "The file, from the top of the workspace: notes/today.md", isRequired: true)
    .adding("content", "string", "All of the file's text", isRequired: true)
    .adding(
      "create_folders", "boolean", "Whether folders of the path that are missing are made; not if left out")

  var description: ToolDescription {
    ToolDescription(
      name: "write_file",
      summary:
        "Writes a text file of the workspace whole, and replaces the one that is there. To change a part of "
        + "a file, edit it instead.",
      parameters: Self.schema.json)
  }

  var effect: ToolEffect { .changesFiles }
  /// Written once more, it would take away what somebody else has written since.
  var isIdempotent: Bool { false }

  func summary(of arguments: JSONValue) -> String {
    let size = arguments["content"]?.string.map { "\($0.utf8.count) bytes" } ?? "no valid content"
    return "write \(arguments.spoken("path")), \(size)"
  }

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: Self.schema.names)
    let path = try WorkspacePath(try arguments.string("path"))
    let content = try arguments.string("content")
    let creatingFolders = try arguments.flag("create_folders")
    let wasThere = try await files.whileNotCancelled { files throws(ToolFailure) in
      try files.write(content, to: path, creatingFolders: creatingFolders)
    }
    return ToolOutput("\(wasThere ? "Replaced" : "Created") \(path), \(content.utf8.count) bytes.")
  }
}
