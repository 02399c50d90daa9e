import CompanionDomain

/// Says in the person's language what came of what they have asked for.
struct OfflineToolReport {
  let request: WorkspaceRequest
  let phrases: OfflineToolPhrases

  /// What is quoted of a result, at most.
  private static let lines = 20
  private static let characters = 1500

  var isThere: String { phrases.isThere(subject) }

  var hasNoTests: String { phrases.noTests }

  /// That it cannot be done, as there is no such tool.
  func withoutTool(_ name: String) -> String { phrases.noTool(name) }

  /// What the last calls have come to.
  func text(on round: [OfflineToolUse.Done]) -> String {
    guard let failed = round.first(where: { !$0.isDone }) else {
      return succeeded(round.map(\.content).joined(separator: "\n"))
    }
    if let reason = Self.denial(in: failed.content) { return phrases.denied(phrases.deed(request), reason) }
    if failed.result.outcome == .interrupted {
      return phrases.interrupted(phrases.deed(request)) + "\n" + Self.quoted(failed.content)
    }
    return phrases.failed(phrases.deed(request)) + "\n" + Self.quoted(failed.content)
  }

  private func succeeded(_ content: String) -> String {
    switch request {
    case .write, .append, .replace, .delete: "\(phrases.done(request)) (\(content))"
    default: phrases.done(request) + "\n" + Self.quoted(content)
    }
  }

  private var subject: String {
    if case .write(let path, _, _) = request { path } else { "" }
  }

  /// Why a person has not allowed a call, in their words, which may be none; `nil` where nobody has forbidden it.
  private static func denial(in content: String) -> String? {
    let beginning = "The person does not allow this call"
    guard content.hasPrefix(beginning) else { return nil }
    let rest = content.dropFirst(beginning.count)
    guard rest.hasPrefix(": "), let end = rest.ranges(of: " Nothing was done. Do not try it again").last
    else {
      return ""
    }
    return String(rest[rest.index(rest.startIndex, offsetBy: 2)..<end.lowerBound])
  }

  /// The beginning of what a tool has brought, marked as a quote.
  private static func quoted(_ content: String) -> String {
    var lines = content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    while lines.last?.isEmpty == true { lines.removeLast() }
    var left = characters
    var quoted: [String] = []
    for line in lines.prefix(Self.lines) {
      guard left > 0 else { break }
      quoted.append("> " + line.prefix(left) + (line.count > left ? " […]" : ""))
      left -= line.count
    }
    if quoted.count < lines.count { quoted.append("> […]") }
    return quoted.joined(separator: "\n")
  }
}
