import CompanionKit
import ExampleSupport

/// Brings a file's lines into a store: message k of a conversation is line k of it.
///
/// What is stored already stays. A line whose text has changed is an edit; a message that was deleted or forgotten
/// stays so.
struct LogImport {
  let store: SQLiteStore
  let identifiers: any IdentifierSource
  let time: any TimeSource
  /// The file's name, for what is wrong with it.
  let file: String

  /// What came of it.
  struct Report {
    var stored = 0
    var edited = 0
    /// Lines that were stored already.
    var known = 0
    /// Lines of messages that were deleted or forgotten.
    var gone = 0
    /// Lines of the companion that say something else than those that are stored, by their numbers.
    var unchangeable: [Int] = []
  }

  /// Others may store into the same conversation: each time somebody gets on.
  private static let attempts = 8
  private static let batch = 500

  /// Stores lines, after all of them have been compared with what is stored.
  ///
  /// - Parameter lines: those of each conversation without a gap, and up to the file's end.
  /// - Throws: `FileProblem` for a line that cannot be message k, when nothing has been stored; `StoreFailure`, when
  ///   some may be: importing the same again goes on.
  /// - Returns: `nil` when the store has fewer messages than are missing from the lines: all of the file has to be
  ///   imported.
  func callAsFunction(_ lines: [LoggedLine]) async throws -> Report? {
    for attempt in 1... {
      var plans: [Plan] = []
      let order = lines.reduce(into: (places: [ConversationPlace](), known: Set<ConversationPlace>())) {
        if $0.known.insert($1.place).inserted { $0.places.append($1.place) }
      }
      let byPlace = Dictionary(grouping: lines, by: \.place)
      for place in order.places {
        guard let plan = try await plan(place, byPlace[place] ?? []) else { return nil }
        plans.append(plan)
      }
      do throws(StoreFailure) {
        var report = Report()
        for plan in plans { try await carryOut(plan, &report) }
        return report
      } catch {
        guard case .conflict = error, attempt < Self.attempts else { throw error }
        try Task.checkCancellation()
      }
    }
    return nil
  }

  // MARK: What is to be done

  /// What is to be stored of one conversation.
  private struct Plan {
    var session: ChatSession
    var isNew: Bool
    var edits: [LoggedLine] = []
    var rest: ArraySlice<LoggedLine>
    /// The lines that stay forgotten, where the conversation that they were in has gone.
    var forgotten: ForgottenLines?
    var lastTurn: TurnID?
    var report = Report()
  }

  private func plan(_ place: ConversationPlace, _ lines: [LoggedLine]) async throws -> Plan? {
    guard let id = LoggedSession.id(of: place), let first = lines.first else { return nil }
    let stored = try await store.session(id)
    // What is noted is read later than the conversation: where that has gone, the note is there already.
    let forgotten = try await ForgottenLines(of: id, in: store)
    // It is nobody's: were it a speaker's, it would go whole with them, and the next feed would bring it back.
    let session = stored ?? ChatSession(id: id, place: place, user: .forgotten, createdAt: first.time)
    guard session.place == place else {
      throw problem(first, "the store has a conversation \(id) that takes place elsewhere; use another store")
    }
    guard first.sequence <= session.lastSequence.next else { return nil }
    let known = lines.prefix { $0.sequence <= session.lastSequence }
    var plan = Plan(
      session: session, isNew: stored == nil, rest: lines.dropFirst(known.count), forgotten: forgotten,
      lastTurn: try await store.messages(in: id, before: nil, limit: 1).last?.turn)
    if let forgotten,
      let later = plan.rest.first(where: { forgotten.includes($0) && $0.time > forgotten.latest })
    {
      throw moved(later, "an earlier one was forgotten")
    }
    var unread = known
    while let next = unread.first {
      let page = unread.prefix(Self.batch)
      unread = unread.dropFirst(Self.batch)
      let end = SequenceNumber(rawValue: next.sequence.rawValue + Int64(page.count))
      let messages = try await store.messages(in: id, before: end, limit: page.count)
      for (line, message) in zip(page, messages) { try compare(line, message, &plan) }
    }
    return plan
  }

  private func compare(_ line: LoggedLine, _ message: ChatMessage, _ plan: inout Plan) throws(FileProblem) {
    let isSame =
      message.sequence == line.sequence && message.time == line.time
      && (message.role == .assistant) == (line.speaker == nil)
      && (message.isDeleted || message.speaker == line.speaker)
    guard isSame else { throw moved(line, "the store has another time or speaker") }
    if message.isDeleted {
      plan.report.gone += 1
    } else if message.text == line.text {
      plan.report.known += 1
    } else if line.speaker == nil {
      plan.report.unchangeable.append(line.number)
    } else {
      plan.edits.append(line)
    }
  }

  /// - Parameter other: what is in the place of this line.
  private func moved(_ line: LoggedLine, _ other: String) -> FileProblem {
    problem(
      line,
      "it is line \(line.sequence.rawValue) of \(line.place.name), where \(other); lines may be added at the end, "
        + "and texts changed. Put the lines back, or use another store")
  }

  private func problem(_ line: LoggedLine, _ problem: String) -> FileProblem {
    FileProblem(file: file, line: line.number, problem: problem)
  }

  // MARK: What is stored

  private func carryOut(_ plan: Plan, _ report: inout Report) async throws(StoreFailure) {
    var plan = plan
    report.known += plan.report.known
    report.gone += plan.report.gone
    report.unchangeable += plan.report.unchangeable
    var changes: [ChangeSet.Change] = plan.isNew ? [.insertSession(plan.session)] : []
    for edit in plan.edits {
      changes.append(.amend(edit.sequence, .edit([.text(edit.text)]), in: plan.session.id, at: time.now))
      report.edited += 1
      guard changes.count >= Self.batch else { continue }
      try await store.commit(ChangeSet(changes))
      changes = []
    }
    var last = plan.session.lastSequence
    while !plan.rest.isEmpty, !Task.isCancelled {
      let page = plan.rest.prefix(Self.batch)
      plan.rest = plan.rest.dropFirst(Self.batch)
      let gone = page.prefix { plan.forgotten?.includes($0) ?? false }
      let messages =
        gone.map { message($0, &plan.lastTurn, isForgotten: true) }
        + page.dropFirst(gone.count).map { message($0, &plan.lastTurn) }
      changes.append(.append(messages, to: plan.session.id, after: last))
      changes += gone.map { .eraseMessage($0.sequence, in: plan.session.id, at: $0.time) }
      try await store.commit(ChangeSet(changes))
      changes = []
      last = messages.last?.sequence ?? last
      report.gone += gone.count
      report.stored += messages.count - gone.count
    }
    if !changes.isEmpty { try await store.commit(ChangeSet(changes)) }
  }

  /// What a person says begins a turn; what the companion says behind it is the answer. What is forgotten has no
  /// words, and keeps its place alone.
  private func message(
    _ line: LoggedLine, _ lastTurn: inout TurnID?, isForgotten: Bool = false
  ) -> ChatMessage {
    let turn = line.speaker == nil ? lastTurn ?? identifiers.next() : identifiers.next()
    lastTurn = turn
    return ChatMessage(
      sequence: line.sequence, turn: turn, role: line.speaker == nil ? .assistant : .user,
      parts: isForgotten ? [] : [.text(line.text)], time: line.time,
      origin: line.speaker == nil ? .model : .person, speaker: isForgotten ? nil : line.speaker)
  }
}
