import CompanionDomain
import CompanionPorts

extension MemoryWork {
  /// Goes through what a pass has not seen yet, batch by batch.
  ///
  /// A batch that no model takes is halved, down to one event, which is then left out: one message must not keep
  /// everything behind it from being remembered. Two in a row are not left out. When somebody else has been there
  /// first, the batch is read again, and after some times given up until the next run.
  ///
  /// - Parameters:
  ///   - withoutModel: the changes for a batch that is left out: what was taken back must go all the same.
  ///   - step: makes something of a batch and commits it; `false` when somebody else was first.
  func eachBatch(
    of sessions: [ChatSession], for pass: MemoryPass, in scope: MemoryScope, notBeyond end: MemoryPass? = nil,
    withoutModel: (MemoryBatch) async throws(MemoryPassFailure) -> [ChangeSet.Change],
    _ step: (MemoryBatch) async throws(MemoryPassFailure) -> Bool
  ) async throws(MemoryPassFailure) {
    var rest = sessions[...]
    var eventLimit = Int.max
    var conflicts = 0
    var hasSkipped = false
    var stored: [SessionID: LogRevision]?
    beginStep()
    while true {
      try checkEnd()
      guard conflicts < Self.attempts else { throw .store(.conflict(.memoryProgressMoved)) }
      let (batch, events, finished) = try await batch(
        of: rest, for: pass, notBeyond: end, eventLimit: eventLimit)
      guard events > 0 else { return }
      let start = batch.progress.mapValues(\.lowerBound)
      do throws(MemoryPassFailure) {
        if try await step(batch) {
          beginStep()
          rest = rest.dropFirst(finished)
          // A store that does not keep how far a log has been read would be asked for ever.
          conflicts = start == stored ? conflicts + 1 : 0
          stored = start
          hasSkipped = false
          eventLimit = eventLimit.multipliedReportingOverflow(by: 2).overflow ? .max : eventLimit * 2
        } else {
          conflicts += 1
        }
      } catch {
        if case .budget = error, events > 1, wantedMuch {
          eventLimit = events / 2
          continue
        }
        guard error.isOfRequest else { throw error }
        if events > 1 {
          // With the last call one event is read, which is then done with, one way or the other.
          eventLimit = callsLeft > 1 ? events / 2 : 1
        } else {
          // When nothing was taken since the last one that was left out, it is not for the messages.
          guard !hasSkipped else { throw error }
          let changes = try await withoutModel(batch)
          guard try await commit(changes + moves(batch, pass)) else {
            conflicts += 1
            continue
          }
          beginStep()
          rest = rest.dropFirst(finished)
          hasSkipped = true
          environment.events.emit(.memorySkipped(pass, scope, messages: events, error))
          eventLimit = 2
        }
      }
    }
  }

  /// Takes out of memories, line by line, what a batch says was taken back, as far as words tell.
  func withdrawal(
    of batch: MemoryBatch, from keys: [MemoryKey]
  ) async throws(MemoryPassFailure) -> [ChangeSet.Change] {
    guard !batch.corrections.isEmpty else { return [] }
    let withdrawn = batch.corrections.map { correction in
      var words = WithdrawnWords()
      words.add(correction.old, now: correction.line.text)
      return words
    }
    var changes: [ChangeSet.Change] = []
    for key in keys {
      let memory = try await stored { () async throws(StoreFailure) in try await store.memory(key) }
      guard let memory else { continue }
      let lines = memory.text.split(separator: "\n", omittingEmptySubsequences: false)
      let kept = lines.filter { line in !withdrawn.contains { $0.makeUp(String(line)) } }
      guard kept.count < lines.count else { continue }
      let next = next(
        key, after: memory, text: kept.joined(separator: "\n"), origin: memory.origin, merged: memory.merged,
        newest: nil)
      changes.append(.putMemory(next, adding: []))
    }
    return changes
  }

  /// The next version of a memory.
  func next(
    _ key: MemoryKey, after previous: MemoryRecord?, text: String, origin: MemoryOrigin,
    spans: [SourceSpan] = [], merged: [MergedMemory] = [], newest: Timestamp?
  ) -> MemoryRecord {
    let now = now
    let count = spans.reduce(previous?.sourceCount ?? 0) { $0.saturatingSum($1.count) }
    return MemoryRecord(
      key: key, version: (previous?.version ?? 0) + 1, text: text, sourceCount: count, merged: merged,
      newestSource: max(previous?.newestSource ?? newest ?? now, newest ?? previous?.newestSource ?? now),
      createdAt: previous?.createdAt ?? now, updatedAt: now, origin: origin)
  }

  /// How often a step is tried when others change what it works on: each time somebody else has got on.
  static let attempts = 8
}

extension MemoryPassFailure {
  /// Whether no model takes what it was given, so that less of it may be taken.
  var isOfRequest: Bool {
    guard case .model(let failure) = self else { return false }
    return switch failure.kind {
    case .contentFiltered, .refused, .contextLengthExceeded: true
    // Another refusal is of how it was asked, and would be the same for every message.
    default: false
    }
  }
}
