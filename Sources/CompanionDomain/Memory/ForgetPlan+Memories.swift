/// A pass that has to read a log again.
package struct PassRestart: Hashable, Sendable {
  package var session: SessionID
  package var pass: MemoryPass
  package var from: LogRevision
  package var to: LogRevision

  /// Moves a pass back before the first event of a log.
  ///
  /// A pass that is under way has read what is forgotten now, and must not find its place as it left it. So the place
  /// becomes one below zero, where nothing has been read, that was never there: another pass may have moved on from
  /// the place and been forgotten in its turn, and a place that comes back would be taken for one that had stayed.
  ///
  /// - Parameter mark: chosen by chance for this forgetting.
  package init(_ session: SessionID, _ pass: MemoryPass, from: LogRevision, mark: UInt64) {
    self.session = session
    self.pass = pass
    self.from = from
    to = LogRevision(rawValue: -1 - Int64(mark >> 2))
  }
}

extension MemoryScope {
  /// The passes that form its memories from logs. A workspace's are formed of other memories: what was taken back
  /// before there was one does not matter.
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
  package static let passesOfWords = MemoryPass.allCases

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
