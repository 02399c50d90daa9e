import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension ChatWitness {
  /// A model says once what a message asks for, and is not asked again but where that was lost before it was stored. It
  /// is asked by one try at each provider in each opening of the conversation, and not at all where a classifier or rules
  /// do.
  func checkUnderstanding(of subject: Subject, at provider: Int, in life: ProcessLife) {
    if isUnderstood(subject.mark, for: life) {
      report(.oneUnderstanding, "what \(subject.mark.word) asks for is known, and is asked again by \(life)")
    }
    let (classifier, count) = state.withLock { state -> (IntentClassifier?, Int) in
      let session = state.texts[subject.mark.number].session
      let opening = state.openings["\(life) \(session.map { "\($0)" } ?? "")", default: 0]
      let key = "\(subject.mark.word) at \(provider) in opening \(opening) of \(life)"
      state.understandings[key, default: 0] += 1
      return (state.classifier, state.understandings[key, default: 0])
    }
    if count > 1 { report(.oneUnderstanding, "what \(subject.mark.word) asks for is asked \(count) times") }
    if scenario.processes[life.process].configuration.intents == .rules {
      report(.oneUnderstanding, "a model is asked what \(subject.mark.word) asks for, where rules are enough")
    }
    if classifier?.intent(of: subject.words) != nil {
      report(
        .oneUnderstanding, "a model is asked what \(subject.mark.word) asks for, which is clear without it")
    }
  }

  /// Whether a process must know what a message asks for: it has asked itself, or it has started behind whoever has and
  /// could store it.
  private func isUnderstood(_ mark: TextMark, for life: ProcessLife) -> Bool {
    state.withLock { state in
      let understood = state.understood[mark]
      func isBefore(_ time: Timestamp) -> Bool { understood?.life === life || time < life.startedAt }
      if let kept = state.kept[mark] { return isBefore(kept) }
      guard let understood, understood.life.isUndisturbed, !understood.life.hasDied else { return false }
      return isBefore(understood.time)
    }
  }

  /// A model has said what a message asks for.
  func noteUnderstood(_ turn: TurnID, in life: ProcessLife) {
    let now = time.now
    state.withLock { state in
      if let mark = state.marks[turn] { state.understood[mark] = (life, now) }
    }
  }

  func noteKept(_ understood: UnderstoodMessage) {
    // What was edited has another mark.
    guard understood.intent != nil, understood.change == nil else { return }
    let now = time.now
    state.withLock { state in
      if let mark = state.marks[understood.turn] { state.kept[mark] = now }
    }
  }

  /// Something of a conversation was forgotten, and what was kept of it with it.
  func noteClearing(of session: SessionID) {
    state.withLock { state in
      let texts = state.texts
      func isThere(_ mark: TextMark) -> Bool { texts[mark.number].session == session }
      state.understood = state.understood.filter { !isThere($0.key) }
      state.kept = state.kept.filter { !isThere($0.key) }
    }
  }
}
