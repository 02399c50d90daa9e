/// Why a tool did not do what it was asked.
///
/// Its description is for the model too, which can correct itself by it.
@nonexhaustive
public enum ToolFailure: Error, Hashable, Sendable {
  /// The arguments are not what the schema asks for; it says which, and what they must be. Nothing was done.
  case invalidArguments(String)
  /// The path, or what is there, is nothing that the tool may touch; the reason is the rest of a sentence that
  /// begins with the path. Nothing was done.
  case refused(path: String, reason: String)
  /// There is nothing of this name.
  case notFound(path: String)
  /// Something is larger than what is allowed, in bytes. Nothing was done.
  case tooLarge(what: String, bytes: Int, limit: Int)
  /// The file is not text in UTF-8; its size in bytes.
  case notText(path: String, bytes: Int)
  /// The text that was to be replaced is not there exactly once; the hint is a sentence, or empty.
  case textNotUnique(path: String, occurrences: Int, hint: String)
  /// Somebody else has changed the file meanwhile. Nothing was written.
  case changedMeanwhile(path: String)
  /// The system does not allow it.
  case notPermitted(path: String)
  /// There is no space left. What was there before is still there.
  case full(path: String)
  /// It took longer than it may, and was stopped. What it had done by then stays done; what it had said by then
  /// comes with it.
  case timedOut(after: Duration, output: String)
  /// The caller cancelled. What a program had done by then stays done; no file is left half written.
  case cancelled
  /// It cannot be done here; it says what is missing, and what to do.
  case unavailable(String)
  /// The system failed in another way; whether something was done is said.
  case system(String)
}

extension ToolFailure: CustomStringConvertible {
  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .invalidArguments(let problem):
      "The arguments are not valid: \(problem) Correct them and call again."
    case .refused(let path, let reason): "\(Self.quoted(path)) \(reason)."
    case .notFound(let path): "There is no \(Self.quoted(path)). List the files to see what there is."
    case .tooLarge(let what, let bytes, let limit):
      "\(what.visible(limit: Self.longestPath)) has \(bytes) bytes, and \(limit) are allowed. Use a smaller part."
    case .notText(let path, let bytes):
      "\(Self.quoted(path)) is not text in UTF-8. It has \(bytes) bytes. Only text can be read and edited."
    case .textNotUnique(let path, let occurrences, let hint):
      Self.words(of: occurrences, in: Self.quoted(path), hint: hint)
    case .changedMeanwhile(let path):
      "\(Self.quoted(path)) was changed by somebody else meanwhile. Nothing was written. Read it again first."
    case .notPermitted(let path):
      "The system does not allow this for \(Self.quoted(path)). Ask the person to change its rights, or leave it."
    case .full(let path):
      "There is no space left to write \(Self.quoted(path)). Nothing was changed. Ask the person to make room."
    case .timedOut(let limit, let output):
      "It was stopped because it took longer than \(limit)."
        + (output.isEmpty ? "" : " Until then:\n\(output)")
    case .cancelled: "It was cancelled before it was done."
    case .unavailable(let what): what
    case .system(let what): what
    }
  }

  private static let longestPath = 300

  private static func quoted(_ path: String) -> String {
    path.isEmpty ? "the workspace" : "“\(path.visible(limit: longestPath))”"
  }

  private static func words(of occurrences: Int, in file: String, hint: String) -> String {
    let hint = hint.isEmpty ? "" : " \(hint)"
    return occurrences == 0
      ? "The old text does not occur in \(file). Read the file and copy the text exactly.\(hint)"
      : "The old text occurs \(occurrences) times in \(file), and must occur once. "
        + "Give more of the text around it, or say that all are replaced.\(hint)"
  }
}
