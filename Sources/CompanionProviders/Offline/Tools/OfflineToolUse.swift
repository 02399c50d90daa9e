import CompanionDomain

/// Has tools do what a person asks for in simple words, and says what came of it.
///
/// What is to be done is decided by the person's words alone: what a tool brings is quoted, looked at for the text of a
/// file or for names, and never obeyed. A call that was refused or has failed is not made again.
struct OfflineToolUse {
  /// What a model does in one answer.
  enum Step: Hashable {
    case call([Call])
    case say(String)
  }

  /// A call of a tool.
  struct Call: Hashable {
    var id: String
    var name: String
    var arguments: JSONValue
  }

  /// A call that has its result.
  struct Done {
    var call: ToolCall
    var result: ToolResult

    /// What the tool has brought, without the marks around it.
    var content: String { FencedBlock.all(in: result.content).first?.content ?? result.content }

    var isDone: Bool { result.outcome == .succeeded }
  }

  private let message: String
  private let tools: Set<String>
  private let rounds: [[Done]]

  init(_ prompt: PromptReading, tools: [ToolDescription]) {
    message = prompt.message
    self.tools = Self.known.intersection(tools.map(\.name))
    rounds = Self.rounds(of: prompt.work)
  }

  /// The tools that it can call. Others are none to it.
  private static let known: Set<String> = [
    "read_file", "list_files", "search_files", "write_file", "edit_file", "delete_file", "run_program",
  ]

  /// What to do next; `nil` for what is not asked for in simple words, or where there are no tools.
  var step: Step? {
    guard !tools.isEmpty || !rounds.isEmpty, let (request, language) = WorkspaceRequest.read(message) else {
      return nil
    }
    let report = OfflineToolReport(request: request, phrases: OfflineToolPhrases(language))
    let next: Plan
    switch request {
    case .write(let path, let content, let isReplacing):
      next = isReplacing ? .only(Self.writing(path, content)) : creating(path, content, report)
    case .append(let path, let text): next = appending(text, to: path)
    case .replace(let path, let old, let new, let isForAll):
      var arguments: [String: JSONValue] = [
        "path": .string(path), "old_text": .string(old), "new_text": .string(new),
      ]
      if isForAll { arguments["all"] = true }
      next = .only(("edit_file", .object(arguments)))
    case .read(let path): next = .only(("read_file", ["path": .string(path)]))
    case .list(let folder):
      next = .only(("list_files", .object(folder.map { ["folder": .string($0)] } ?? [:])))
    case .search(let text): next = .only(("search_files", ["text": .string(text)]))
    case .delete(let path): next = .only(("delete_file", ["path": .string(path)]))
    case .run(let program, let arguments): next = .only(Self.running(program, arguments))
    case .test: next = testing(report)
    }
    switch next {
    case .only(let call): return rounds.last.map { .say(report.text(on: $0)) } ?? made([call], report)
    case .calls(let calls): return made(calls, report)
    case .report: return .say(report.text(on: rounds.last ?? []))
    case .say(let text): return .say(text)
    }
  }

  private typealias Wanted = (name: String, arguments: JSONValue)

  private enum Plan {
    /// One call, and what came of it.
    case only(Wanted)
    case calls([Wanted])
    case report
    case say(String)
  }

  private func made(_ calls: [Wanted], _ report: OfflineToolReport) -> Step {
    if let missing = calls.first(where: { !tools.contains($0.name) }) {
      return .say(report.withoutTool(missing.name))
    }
    return .call(
      calls.enumerated().map { place, call in
        Call(id: "call_\(rounds.count)_\(place)", name: call.name, arguments: call.arguments)
      })
  }

  // MARK: What takes two rounds

  /// A file that is not there yet: first it is looked for.
  private func creating(_ path: String, _ content: String, _ report: OfflineToolReport) -> Plan {
    switch last?.call.name {
    case nil: .calls([Self.looking(for: path)])
    case "list_files": isListed(path) ? .say(report.isThere) : .calls([Self.writing(path, content)])
    default: .report
    }
  }

  /// A line behind the last one of a file. The end of the file is replaced by itself and the line, so that nothing is
  /// lost that somebody else has written there meanwhile.
  private func appending(_ text: String, to path: String) -> Plan {
    guard let read = last else { return .calls([("read_file", ["path": .string(path)])]) }
    switch read.call.name {
    case "read_file":
      let line = WorkspaceWords.content(text)
      guard read.isDone else {
        let isMissing = read.content == ToolFailure.notFound(path: path).description
        return isMissing ? .calls([Self.writing(path, line)]) : .report
      }
      guard !read.content.isEmpty else { return .calls([Self.writing(path, line)]) }
      let end = Self.uniqueEnd(of: read.content)
      let gap = end.hasSuffix("\n") ? "" : "\n"
      return .calls([
        (
          "edit_file",
          ["path": .string(path), "old_text": .string(end), "new_text": .string(end + gap + line)]
        )
      ])
    default: return .report
    }
  }

  /// The last lines of a text, as few as there are nowhere else in it.
  private static func uniqueEnd(of text: String) -> String {
    let bytes = Array(text.utf8)
    var starts = bytes.indices.dropLast().filter { bytes[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    starts.insert(0, at: 0)
    for start in starts.reversed().prefix(50) {
      let end = String(decoding: bytes[start...], as: UTF8.self)
      if text.ranges(of: end).count == 1, !end.allSatisfy(\.isWhitespace) { return end }
    }
    return text
  }

  /// How tests are run is seen by what is there: `Tests/run`, `Package.swift`, `Makefile`, `package.json`.
  private func testing(_ report: OfflineToolReport) -> Plan {
    let ways: [(path: String, command: Wanted)] = [
      ("Tests/run", Self.running("Tests/run", [])), ("Package.swift", Self.running("swift", ["test"])),
      ("Makefile", Self.running("make", ["test"])), ("package.json", Self.running("npm", ["test"])),
    ]
    switch last?.call.name {
    case nil:
      guard tools.contains("run_program") else { return .calls([ways[0].command]) }
      return .calls([Self.looking(for: "Tests/run"), ("list_files", [:])])
    case "list_files":
      guard let way = ways.first(where: { isListed($0.path) }) else {
        return .say(report.hasNoTests)
      }
      return .calls([way.command])
    default: return .report
    }
  }

  /// The last call that was made; `nil` for none.
  private var last: Done? { rounds.last?.last }

  /// Whether the last calls have listed a file.
  private func isListed(_ path: String) -> Bool {
    (rounds.last ?? []).contains { done in
      done.isDone && done.content.split(separator: "\n").contains { $0.hasPrefix("\(path)  (") }
    }
  }

  // MARK: Calls

  private static func writing(_ path: String, _ content: String) -> Wanted {
    var arguments: [String: JSONValue] = ["path": .string(path), "content": .string(content)]
    if path.contains("/") { arguments["create_folders"] = true }
    return ("write_file", .object(arguments))
  }

  private static func running(_ program: String, _ arguments: [String]) -> Wanted {
    ("run_program", ["program": .string(program), "arguments": .array(arguments.map { .string($0) })])
  }

  private static func looking(for path: String) -> Wanted {
    let names = path.split(separator: "/")
    var arguments: [String: JSONValue] = [
      "depth": 1, "pattern": .string(names.last.map(String.init) ?? path),
    ]
    if names.count > 1 { arguments["folder"] = .string(names.dropLast().joined(separator: "/")) }
    return ("list_files", .object(arguments))
  }

  private static func rounds(of work: [PromptMessage]) -> [[Done]] {
    var results: [String: ToolResult] = [:]
    for case .toolResult(let result) in work.flatMap(\.parts) { results[result.callID] = result }
    return work.compactMap { message in
      let done = message.parts.compactMap { part -> Done? in
        guard case .toolCall(let call) = part, let result = results[call.id] else { return nil }
        return Done(call: call, result: result)
      }
      return done.isEmpty ? nil : done
    }
  }
}
