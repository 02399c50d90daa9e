import CompanionKit
import ExampleSupport

/// Forgets for good.
struct ForgetCommand {
  enum Target {
    case user(UserID)
    /// A channel with its threads, or one thread.
    case place(ConversationPlace)
    case message(ConversationPlace, SequenceNumber)
  }

  let keeper: Keeper

  private var store: SQLiteStore { keeper.store }

  func run(_ target: Target) async throws -> Status {
    let companion = try keeper.makeCompanion()
    let report: ForgetReport
    switch target {
    case .user(let user): report = try await companion.forget(.user(user))
    case .message(let place, let sequence):
      guard let id = LoggedSession.id(of: place), try await store.session(id) != nil else {
        throw Refusal(description: "There is no conversation \(place.name).")
      }
      report = try await companion.forget(.message(sequence, in: id))
    case .place(let place): report = try await forget(place, by: companion)
    }
    await companion.stop()
    Terminal.show("forgotten: \(report.summary)")
    guard let failure = report.rewriteFailure else { return .done }
    Terminal.complain("The bytes may still be in the store's files: \(failure) Forget the same again.")
    return .failed
  }

  /// Forgets a channel or a thread. First it is noted which lines go, so that feeding the file again does not bring
  /// them back.
  private func forget(_ place: ConversationPlace, by companion: Companion) async throws -> ForgetReport {
    var notes: [ChangeSet.Change] = []
    var messages = 0
    for session in try await keeper.sessions(matching: SessionFilter(place.scope))
    where session.id == LoggedSession.id(of: session.place) {
      let (lines, words) = try await lines(of: session)
      let known = try await ForgottenLines(of: session.id, in: store)
      if let note = lines.joined(with: known).note(of: session.id) { notes.append(note) }
      messages += words
    }
    if !notes.isEmpty { try await store.commit(ChangeSet(notes)) }
    var report = try await companion.forget(.scope(place.scope))
    report.messages += messages
    return report
  }

  /// Which lines a conversation has, and how many of them have words.
  private func lines(
    of session: ChatSession
  ) async throws(StoreFailure) -> (lines: ForgottenLines, words: Int) {
    var lines = ForgottenLines(last: session.lastSequence, latest: session.updatedAt)
    var words = 0
    var last = SequenceNumber.zero
    while last < session.lastSequence {
      let end = SequenceNumber(rawValue: min(last.rawValue + 500, session.lastSequence.rawValue))
      let page = try await store.messages(
        in: session.id, before: end.next, limit: Int(end.rawValue - last.rawValue))
      for message in page { lines.latest = max(lines.latest, message.time) }
      words += page.count { !$0.isDeleted }
      last = end
    }
    return (lines, words)
  }
}

/// Why nothing was done, in a line for a person.
private struct Refusal: Error, CustomStringConvertible {
  let description: String
}

extension ForgetReport {
  /// What has gone, on one line.
  fileprivate var summary: String {
    let counts = [
      counted(messages, "message", "messages"), counted(memories, "memory", "memories"),
      counted(facts, "fact", "facts"),
    ]
    let isNothing = messages + memories + facts + documents + tasks == 0
    return isNothing ? "nothing, for there was nothing" : counts.joined(separator: ", ")
  }
}
