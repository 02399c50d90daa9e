import CompanionKit
import ExampleSupport

/// Which calls that wait for permission are meant.
enum ApprovalChoice: Equatable {
  /// The one that was asked for first.
  case oldest
  case all
  /// The one whose name ends so.
  case named(String)
}

/// The commands about calls of tools that wait for permission, as text.
struct ApprovalCommands {
  let companion: Companion
  /// How long tasks may take to come to what they ask for, and to go on when they are answered.
  let patience: Duration
  /// What a person has been asked, who can only have meant that; `nil` where a script answers what comes.
  let board: TaskBoard?

  func list() async throws -> String {
    let open = try await open()
    guard !open.isEmpty else { return "Nothing waits for your permission." }
    board?.noteShown(open.map { .permission($0.id) })
    return (open.map(Self.row) + [Self.help]).joined(separator: "\n")
  }

  func approve(_ choice: ApprovalChoice) async throws -> String {
    try await answer(choice, with: "Allowed") { id async throws(ApprovalFailure) in
      try await companion.approve(id)
    }
  }

  /// - Parameters:
  ///   - name: the end of an approval's name, or the first word of the reason.
  ///   - words: the rest of the reason.
  func deny(_ name: String?, _ words: [String]) async throws -> String {
    var choice = name == "all" ? ApprovalChoice.all : .oldest
    var reason = words
    if let name, choice == .oldest {
      let isName = try await open().contains { $0.id.description.hasSuffix(name) } || Self.looksLikeName(name)
      if isName { choice = .named(name) } else { reason.insert(name, at: 0) }
    }
    let text = reason.joined(separator: " ")
    return try await answer(choice, with: "Not allowed") { id async throws(ApprovalFailure) in
      try await companion.deny(id, reason: text)
    }
  }

  private func answer(
    _ choice: ApprovalChoice, with word: String,
    _ give: (ApprovalID) async throws(ApprovalFailure) -> Approval
  ) async throws -> String {
    var lines: [String] = []
    for id in try await chosen(choice) {
      lines.append("\(word): \(try await give(id).summary.singleLine)")
    }
    _ = try await companion.drainTasks(limit: patience)
    return lines.joined(separator: "\n")
  }

  private func chosen(_ choice: ApprovalChoice) async throws -> [ApprovalID] {
    let waiting = try await open()
    let open = waiting.map(\.id)
    switch choice {
    case .named(let ending):
      let matches = open.filter { $0.description.hasSuffix(ending) }
      // It may have been decided, or its time may be over: then the companion says so.
      if matches.isEmpty, let id = ApprovalID(ending), id.task.rawValue.count > Self.shortLength {
        return [id]
      }
      guard matches.count == 1 else {
        throw UsageError(
          matches.isEmpty
            ? "Nothing that ends in \(ending) waits for your permission. /approvals lists what does."
            : "\(matches.count) of what waits end in \(ending). Give more of the name; /approvals lists them."
        )
      }
      // Less than is shown of it may be the end of any name.
      guard let match = waiting.first(where: { $0.id == matches[0] }),
        ending.count < Self.shortName(of: match.id).count
      else { return matches }
      return try read([match])
    case .oldest where !open.isEmpty: return try read(waiting.prefix(1))
    case .all where !open.isEmpty: return try read(waiting[...])
    default: throw UsageError("Nothing waits for your permission.")
    }
  }

  /// The names of what the person has been asked before.
  private func read(_ approvals: ArraySlice<Approval>) throws -> [ApprovalID] {
    guard let board else { return approvals.map(\.id) }
    let unread = approvals.filter { !board.isRead(.permission($0.id)) }
    guard unread.isEmpty else {
      board.noteShown(unread.map { .permission($0.id) })
      throw UsageError(
        "Nothing was answered, because this has not been asked here before:\n"
          + unread.map(Self.question).joined(separator: "\n"))
    }
    return approvals.map(\.id)
  }

  /// What waits; where nothing does, and tasks are worked on, what they come to ask for.
  private func open() async throws -> [Approval] {
    let open = try await companion.approvals()
    guard open.isEmpty else { return open }
    _ = try await companion.drainTasks(limit: patience)
    return try await companion.approvals()
  }

  // MARK: Words

  /// What waits, in a line: its name, until when it may be answered, and what would be done.
  static func row(_ approval: Approval) -> String {
    let end = approval.expiresAt.clock(on: SystemTimeSource().now)
    return "\(shortName(of: approval.id))  until \(end)  \(approval.summary.singleLine)"
  }

  static let help = "/approve allows the first, /deny does not; both take a name, or the word all."

  /// As much of a name as tells it from the others, mostly.
  static func shortName(of id: ApprovalID) -> String {
    "\(id.task.rawValue.suffix(shortLength))-\(id.number)"
  }

  private static let shortLength = 6

  /// A line that asks a person for permission.
  static func question(_ approval: Approval) -> String {
    "[permission \(shortName(of: approval.id))] It wants to \(approval.summary.singleLine). "
      + "/approve allows it, /deny does not."
  }

  private static func looksLikeName(_ word: String) -> Bool {
    word.wholeMatch(of: /[0-9A-Za-z]*[0-9][0-9A-Za-z]*-[0-9]{1,6}/) != nil
  }
}
