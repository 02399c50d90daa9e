/// A pass that has to read a log again.
package struct PassRestart: Hashable, Sendable {
  package var session: SessionID
  package var pass: MemoryPass
  package var from: LogRevision
  package var to: LogRevision

  /// Moves a pass back before the first event of a log.
  ///
  /// A pass that is under way has read what is forgotten now. It must not find its place as it left it, so that
  /// the place changes even where nothing was read: below zero nothing has been read, too.
  package init(_ session: SessionID, _ pass: MemoryPass, from: LogRevision) {
    self.session = session
    self.pass = pass
    self.from = from
    to = from > .zero ? .zero : LogRevision(rawValue: from.rawValue - 1)
  }
}

extension MemoryScope {
  /// The passes that form its memories from logs; none where they are formed from other memories alone.
  package var passes: [MemoryPass] {
    switch self {
    case .workspace: []
    case .channel: [.channel, .channelLongTerm]
    case .thread: [.thread]
    case .user: [.user]
    }
  }
}

extension ForgetPlan {
  /// The passes that may be about to form memory from words of a log.
  package static let passesOfWords: [MemoryPass] = [.channel, .channelLongTerm, .thread, .user]

  /// Memories, and all that know of them.
  ///
  /// Complexity: that of what is removed and what it went into, in the number of memories times the steps from
  /// one to the next.
  package static func derived(
    from seeds: Set<MemoryKey>, among memories: [(key: MemoryKey, merged: [MergedMemory])]
  ) -> Set<MemoryKey> {
    var derived = seeds
    var rest = memories
    while true {
      let count = derived.count
      for memory in rest where memory.merged.contains(where: { derived.contains($0.key) }) {
        derived.insert(memory.key)
      }
      guard derived.count > count else { return derived }
      rest.removeAll { derived.contains($0.key) }
    }
  }
}
