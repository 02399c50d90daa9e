import CompanionDomain

extension ToolArguments {
  /// A folder of the workspace; the root where there is no such member.
  func folder(_ name: String) throws(ToolFailure) -> WorkspacePath {
    guard let text = try optionalString(name) else { return .root }
    return try WorkspacePath(folder: text)
  }

  /// A pattern of paths, or `nil` where there is none.
  func pattern(_ name: String) throws(ToolFailure) -> GlobPattern? {
    guard let text = try optionalString(name) else { return nil }
    guard let pattern = GlobPattern(text) else {
      throw .invalidArguments("“\(name)” must have 1 to \(GlobPattern.maximumBytes) bytes.")
    }
    return pattern
  }
}

extension JSONValue {
  /// A member for the person who is asked about a call, whatever it is.
  func spoken(_ name: String) -> String {
    guard let value = self[name] else { return "nothing" }
    guard let text = value.string else { return "what is no text" }
    return "“\(text.visible(limit: 250))”"
  }
}
