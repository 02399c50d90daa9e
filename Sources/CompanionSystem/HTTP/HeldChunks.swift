import FoundationEssentials

/// The parts of a body that have arrived and have not been read, oldest first.
struct HeldChunks {
  private var chunks: [Data] = []
  private var first = 0
  /// How much is held.
  private(set) var byteCount = 0

  mutating func append(_ chunk: Data) {
    chunks.append(chunk)
    byteCount += chunk.count
  }

  mutating func popFirst() -> Data? {
    guard first < chunks.count else { return nil }
    let chunk = chunks[first]
    chunks[first] = Data()
    first += 1
    byteCount -= chunk.count
    if first == chunks.count {
      chunks.removeAll(keepingCapacity: true)
      first = 0
    }
    return chunk
  }
}
