/// What is to be forgotten.
@nonexhaustive
public enum ForgetTarget: Hashable, Sendable {
  /// A message, with what the companion has made of it: its answers, and the tasks of the turn.
  case message(SequenceNumber, in: SessionID)
  /// A conversation, with its tasks.
  case session(SessionID)
  /// Everything in a scope; a person's scope is that person in that workspace.
  case scope(MemoryScope)
  /// A person, in all workspaces.
  case user(UserID)
}

extension ForgetTarget {
  /// The person who is to be forgotten; `nil` where it is none.
  package var person: UserID? {
    switch self {
    case .user(let user), .scope(.user(let user, _)): user
    case .message, .session, .scope: nil
    }
  }

  /// Whether everything in a scope goes, whatever it was derived from.
  package func covers(_ scope: MemoryScope) -> Bool {
    switch self {
    case .message, .session: false
    case .scope(let forgotten): forgotten.contains(scope)
    case .user(let user): if case .user(user, _) = scope { true } else { false }
    }
  }

  /// Whether a fact goes, whatever becomes of its source: it is of a scope that goes, or a person has stated it
  /// who does.
  package func covers(_ fact: Fact) -> Bool {
    guard !covers(fact.scope) else { return true }
    guard let person, case .statement(person, _) = fact.source else { return false }
    return reaches(fact.scope.workspace)
  }

  /// Whether a document goes: it is of a scope that goes, or belongs to a person who does.
  package func covers(_ document: Document) -> Bool {
    guard !covers(document.scope) else { return true }
    guard let person, document.owner == person else { return false }
    return reaches(document.scope.workspace)
  }

  /// Whether a conversation goes whole, whoever has said something in it.
  package func erasesWhole(_ session: ChatSession) -> Bool {
    switch self {
    case .message: false
    case .session(let id): session.id == id
    case .scope(.user), .user:
      session.user == person && session.isPersonal && reaches(session.place.workspace)
    case .scope(let scope): scope.contains(session.threadScope ?? session.channelScope)
    }
  }

  private func reaches(_ workspace: WorkspaceID) -> Bool {
    if case .scope(let scope) = self { scope.workspace == workspace } else { true }
  }
}
