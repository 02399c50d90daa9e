import CompanionDomain
import CompanionPorts

/// The memories of one channel: short-term from what was said, long-term by merging that into what is known.
struct ChannelPass {
  let work: MemoryWork
  let scope: MemoryScope
  let sessions: [ChatSession]

  private var shortTerm: MemoryKey { MemoryKey(scope, .shortTerm) }
  private var longTerm: MemoryKey { MemoryKey(scope, .longTerm) }

  func run() async throws(MemoryPassFailure) {
    var late: MemoryPassFailure?
    do throws(MemoryPassFailure) {
      try await catchUp()
    } catch {
      // What goes on now is remembered all the same: long-term memory is made up for by another run.
      guard case .model = error else { throw error }
      late = error
    }
    let isLate = late != nil
    try await work.eachBatch(
      of: sessions, for: .channel, in: scope,
      withoutModel: { (batch) async throws(MemoryPassFailure) in
        try await work.withdrawal(of: batch, from: [shortTerm])
      }
    ) {
      (batch) async throws(MemoryPassFailure) in
      guard let newer = try await work.refresh(shortTerm, with: batch, passes: .channel) else { return false }
      work.note(batch)
      if isLate { return true }
      // Short-term memory is stored, and long-term memory is made up for: it is a step of its own.
      work.beginStep()
      do throws(MemoryPassFailure) {
        // Short-term memory has dropped what is older than it looks back on: that is read from the messages.
        let isDropped = batch.duration > work.configuration.window
        if try await remember(batch, newer: isDropped ? nil : newer.text) { return true }
      } catch {
        guard error.isOfRequest else { throw error }
      }
      // Somebody else was there first, or no model takes it as it is.
      try await catchUp()
      return true
    }
    if let late { throw late }
    // Somebody else may have read for short-term memory meanwhile, and for nothing else.
    try await catchUp()
  }

  /// Brings into long-term memory what only short-term memory has: what was said is read once more.
  private func catchUp() async throws(MemoryPassFailure) {
    try await work.eachBatch(
      of: sessions, for: .channelLongTerm, in: scope, notBeyond: .channel,
      withoutModel: { (batch) async throws(MemoryPassFailure) in
        try await work.withdrawal(of: batch, from: [longTerm])
      }
    ) {
      (batch) async throws(MemoryPassFailure) in
      try await remember(batch, newer: nil)
    }
  }

  /// Brings long-term memory up to date.
  ///
  /// - Parameter newer: what short-term memory is made of the batch; `nil` for the batch itself.
  private func remember(_ batch: MemoryBatch, newer: String?) async throws(MemoryPassFailure) -> Bool {
    let key = longTerm
    let moves = work.moves(batch, .channelLongTerm)
    let previous = try await work.stored { () async throws(StoreFailure) in
      try await work.store.memory(key)
    }
    var material = work.material(.longTerm, scope, at: work.now)
    material.previous = previous?.text ?? ""
    if let newer {
      if !newer.isEmpty { material.merged = [.init(title: "what goes on in the channel", text: newer)] }
    } else {
      material.lines = batch.lines
    }
    material.corrections = material.previous.isEmpty ? [] : batch.corrections
    // Without a memory there is nothing to correct, and without a message nothing to derive one from.
    guard !batch.isEmpty, previous != nil || !batch.spans.isEmpty,
      !(material.merged.isEmpty && material.lines.isEmpty && material.corrections.isEmpty)
    else { return try await work.commit(moves) }
    let (text, origin) = try await work.text(material, kind: .longTerm)
    let next = work.next(
      key, after: previous, text: text, origin: origin, spans: batch.spans, newest: batch.newest)
    return try await work.commit([.putMemory(next, adding: batch.spans)] + moves)
  }
}

/// The short-term memory of a thread.
struct ThreadPass {
  let work: MemoryWork
  let scope: MemoryScope
  let sessions: [ChatSession]

  func run() async throws(MemoryPassFailure) {
    let key = MemoryKey(scope, .shortTerm)
    try await work.eachBatch(
      of: sessions, for: .thread, in: scope,
      withoutModel: { (batch) async throws(MemoryPassFailure) in
        try await work.withdrawal(of: batch, from: [key])
      }
    ) {
      (batch) async throws(MemoryPassFailure) in
      try await work.refresh(key, with: batch, passes: .thread) != nil
    }
  }
}

extension MemoryWork {
  /// Makes the next version of a short-term memory of what was said.
  ///
  /// - Returns: the memory as it is stored; `nil` when somebody else was there first.
  func refresh(
    _ key: MemoryKey, with batch: MemoryBatch, passes pass: MemoryPass
  ) async throws(MemoryPassFailure) -> MemoryRecord? {
    let moves = moves(batch, pass)
    let previous = try await stored { () async throws(StoreFailure) in try await store.memory(key) }
    // What is read of a log for the first time may be years old: it is looked at as it was then.
    let newest = batch.newest ?? previous?.newestSource ?? now
    let time = newest.advanced(by: configuration.window) > now ? now : newest
    let known =
      previous.flatMap { $0.isCurrent(at: time, window: configuration.window) ? $0.text : nil } ?? ""
    var material = material(.shortTerm, key.scope, at: time, kind: .shortTerm)
    material.previous = known
    material.lines = batch.lines
    material.corrections = known.isEmpty ? [] : batch.corrections
    let unchanged =
      previous
      ?? next(
        key, after: nil, text: "",
        origin: MemoryOrigin(model: ModelIdentity(provider: "", model: ""), instructions: ""),
        newest: batch.newest)
    guard !batch.isEmpty, !(batch.spans.isEmpty && material.corrections.isEmpty) else {
      return try await commit(moves) ? unchanged : nil
    }
    let (text, origin) = try await text(material, kind: .shortTerm)
    let next = next(
      key, after: previous, text: text, origin: origin, spans: batch.spans, newest: batch.newest)
    return try await commit([.putMemory(next, adding: batch.spans)] + moves) ? next : nil
  }
}
