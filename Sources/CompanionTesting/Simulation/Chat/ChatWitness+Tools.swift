import CompanionDomain
import Synchronization

extension ChatWitness {
  /// A person was told that the answer counts.
  func noteAnswer(to approval: Approval, approves: Bool) {
    tell("client: \(approval.id) is \(approves ? "approved" : "denied")")
    let isFirst = state.withLock { $0.answered.insert(approval.id).inserted }
    if !isFirst { report(.decidedOnce, "\(approval.id) was answered by two people, and both count") }
  }

  /// A person was told that the answer with this mark counts.
  func noteAnswer(_ mark: TextMark, to question: TaskQuestion) {
    tell("client: “\(question.text)” of task \(question.task) is answered with \(mark.word)")
    let isFirst = state.withLock { state in
      defer { state.answers[question] = mark }
      return state.answers[question] == nil
    }
    if !isFirst { report(.decidedOnce, "“\(question.text)” was answered by two people, and both count") }
  }

  /// A tool is about to do something.
  func noteExecution(of kind: ChatTool.Kind, _ mark: TextMark, in life: ProcessLife) {
    tell("\(life): \(kind.rawValue) is called for \(mark.word)")
    notes.combine(mark.word)
    let (count, decision) = state.withLock { state in
      state.executions[mark, default: 0] += 1
      let approval = state.asked[mark].flatMap { state.approvals[$0] }
      return (state.executions[mark, default: 0], approval?.decision)
    }
    if count > 1, !kind.isIdempotent {
      report(.callsHaveOneResult, "\(kind.rawValue) is done \(count) times for one call, \(mark.word)")
    }
    switch kind {
    case .write, .wipe:
      if case .approved? = decision { return }
      report(.toolsAreAllowed, "\(kind.rawValue) is done, and nobody has allowed it: \(mark.word)")
    case .banned: report(.toolsAreAllowed, "what is not allowed is done: \(mark.word)")
    default: break
    }
  }
}
