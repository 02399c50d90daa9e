import CompanionDomain
import CompanionPorts

/// Gives every call of a tool its result when the task ends that has made it, and takes back the approvals that nobody
/// has answered. An answer that a person has given is a result, so that it counts if the task is taken up again.
struct CloseTranscript: Sendable {
  let environment: Environment

  /// - Returns: what is to be committed with the end of the task; nothing for one that goes on, or has left nothing
  ///   open.
  func callAsFunction(
    of task: GenerationTask, at now: Timestamp
  ) async throws(StoreFailure) -> [ChangeSet.Change] {
    guard task.state.isFinal, let last = ToolTranscript.lastRound(of: task) else { return [] }
    let key = ToolTranscript.key(last, of: task.id)
    guard let round: Versioned<ToolRound> = try await environment.store.value(key),
      let open = round.value.firstOpen
    else { return [] }
    var closed = round.value
    if let answer = environment.answer(to: closed.calls[open], of: task) {
      closed = closed.finishing(open, with: answer)
    }
    var changes = [try round.putting(closed.closed(), as: key, at: now)]
    for index in round.value.calls.indices where round.value.calls[index].result == nil {
      let key = StateKey(approval: round.value.approval(of: index, in: task.id))
      guard let approval: Versioned<Approval> = try await environment.store.value(key),
        let withdrawn = approval.value.withdrawn(at: now)
      else { continue }
      changes.append(try approval.putting(withdrawn, as: key, at: now))
    }
    return changes
  }
}
