import CompanionDomain
import CompanionPorts

/// The events of all tasks in the order in which they were stored.
///
/// The event at index n has the cursor n + 1, for ever: what is removed leaves its place empty. A chunk of
/// which all events are removed keeps no memory but its place.
struct EventLog: Sendable {
  private struct Chunk: Sendable {
    var events: ContiguousArray<TaskEvent?> = []
    /// How many are still there.
    var live = 0
  }

  private static let chunkLength = 256

  private var chunks: [Chunk?] = []
  /// How many events there have ever been.
  private var count = 0

  /// The place of the newest event that is still there.
  var last: EventCursor {
    for number in chunks.indices.reversed() {
      guard let events = chunks[number]?.events else { continue }
      if let place = events.lastIndex(where: { $0 != nil }) { return Self.cursor(number, place) }
    }
    return .start
  }

  /// Adds an event behind all others.
  mutating func append(_ event: TaskEvent) -> EventCursor {
    let (number, place) = count.quotientAndRemainder(dividingBy: Self.chunkLength)
    if place == 0 {
      var chunk = Chunk()
      chunk.events.reserveCapacity(Self.chunkLength)
      chunks.append(chunk)
    }
    chunks[number]?.events.append(event)
    chunks[number]?.live += 1
    count += 1
    return Self.cursor(number, place)
  }

  /// Takes back the event that was added last.
  mutating func removeLast() {
    guard count > 0 else { return }
    count -= 1
    let (number, place) = count.quotientAndRemainder(dividingBy: Self.chunkLength)
    chunks[number]?.events.removeLast()
    chunks[number]?.live -= 1
    if place == 0 { chunks.removeLast() }
  }

  /// Removes an event; its place stays.
  mutating func remove(_ cursor: EventCursor) {
    guard let (number, place) = position(of: cursor), chunks[number]?.events[place] != nil else { return }
    chunks[number]?.events[place] = nil
    chunks[number]?.live -= 1
    if chunks[number]?.live == 0, chunks[number]?.events.count == Self.chunkLength { chunks[number] = nil }
  }

  /// Puts an event back in the place from which it was removed.
  mutating func restore(_ event: RecordedTaskEvent) {
    let (number, place) = Int(event.cursor.rawValue - 1).quotientAndRemainder(dividingBy: Self.chunkLength)
    // Only a chunk that was full has been given up.
    if chunks[number] == nil {
      chunks[number] = Chunk(events: ContiguousArray(repeating: nil, count: Self.chunkLength))
    }
    chunks[number]?.events[place] = event.event
    chunks[number]?.live += 1
  }

  /// The event at a place, while it is there.
  subscript(cursor: EventCursor) -> TaskEvent? {
    guard let (number, place) = position(of: cursor) else { return nil }
    return chunks[number]?.events[place]
  }

  /// The first events behind a place, at the cost of their number.
  func events(after cursor: EventCursor, limit: Int) -> [RecordedTaskEvent] {
    var found: [RecordedTaskEvent] = []
    guard limit > 0, cursor.rawValue < count else { return found }
    let start = Int(max(0, cursor.rawValue))
    for number in (start / Self.chunkLength)..<chunks.count {
      guard let events = chunks[number]?.events else { continue }
      let first = max(0, start - number * Self.chunkLength)
      for place in first..<max(first, events.count) {
        guard let event = events[place] else { continue }
        found.append(RecordedTaskEvent(cursor: Self.cursor(number, place), event: event))
        if found.count == limit { return found }
      }
    }
    return found
  }

  private func position(of cursor: EventCursor) -> (chunk: Int, place: Int)? {
    guard cursor.rawValue > 0, cursor.rawValue <= count else { return nil }
    let (number, place) = Int(cursor.rawValue - 1).quotientAndRemainder(dividingBy: Self.chunkLength)
    return chunks[number] == nil ? nil : (number, place)
  }

  private static func cursor(_ chunk: Int, _ place: Int) -> EventCursor {
    EventCursor(rawValue: Int64(chunk * chunkLength + place + 1))
  }
}
