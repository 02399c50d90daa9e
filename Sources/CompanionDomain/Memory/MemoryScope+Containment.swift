extension MemoryScope {
  /// Whether another scope belongs to it: itself, and what it contains. A person stands beside the channels.
  package func contains(_ other: MemoryScope) -> Bool {
    switch (self, other) {
    case (.workspace(let workspace), _): other.workspace == workspace
    case (.channel(let channel, let workspace), .thread(_, let its, let place)):
      channel == its && workspace == place
    default: self == other
    }
  }
}
