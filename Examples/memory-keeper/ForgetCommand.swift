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

  /// Forgets a channel or a thread. Its lines keep their places, without words, so that feeding the file again does
  /// not bring them back.
  private func forget(_ place: ConversationPlace, by companion: Companion) async throws -> ForgetReport {
    var shells: [ChangeSet] = []
    var messages = 0
    for session in try await keeper.sessions(matching: SessionFilter(place.scope))
    where session.id == LoggedSession.id(of: session.place) {
      let (shell, words) = try await self.shell(of: session)
      shells.append(shell)
      messages += words
    }
    var report = try await companion.forget(.scope(place.scope))
    for shell in shells { try await store.commit(shell) }
    report.messages += messages
    return report
  }

  /// What stores a conversation without its words, and how many messages have some.
  private func shell(of session: ChatSession) async throws(StoreFailure) -> (ChangeSet, words: Int) {
    var shell = ChangeSet([
      .insertSession(ChatSession(id: session.id, place: session.place, createdAt: session.createdAt))
    ])
    var words = 0
    var last = SequenceNumber.zero
    while last < session.lastSequence {
      let end = SequenceNumber(rawValue: min(last.rawValue + 500, session.lastSequence.rawValue))
      let page = try await store.messages(
        in: session.id, before: end.next, limit: Int(end.rawValue - last.rawValue))
      let empty = page.map { message in
        ChatMessage(
          sequence: message.sequence, turn: message.turn, role: message.role, parts: [], time: message.time,
          origin: message.origin)
      }
      shell.changes.append(.append(empty, to: session.id, after: last))
      shell.changes += empty.map { .eraseMessage($0.sequence, in: session.id, at: $0.time) }
      words += page.count { !$0.isDeleted }
      last = end
    }
    return (shell, words)
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
    let isNothing = messages + sessions + memories + facts + documents + tasks == 0
    return isNothing ? "nothing, for there was nothing" : counts.joined(separator: ", ")
  }
}
