public import CompanionDomain

/// Reads the files that a person names in a message, so that a model sees them with it.
public protocol FileExcerpts: Sendable {
  /// The beginning of a file's text.
  ///
  /// - Parameters:
  ///   - path: as the person has written it.
  ///   - bytes: how much of it is wanted, at most.
  /// - Throws: `ToolFailure` when there is no such file, or it may not be read; the prompt is made without it then.
  func excerpt(of path: String, bytes: Int) async throws(ToolFailure) -> String
}
