import CompanionDomain
import CompanionPorts

/// One space of an ``InMemoryStore``: its vectors, and what waits for some.
struct StoredSpace: Sendable {
  private var index: VectorIndex
  /// What each vector is of, by its slot.
  private var owners: ContiguousArray<RecallSource?> = []
  private var slots: [RecallSource: [Int32]] = [:]
  private var line = OrderedIndex<Waiting>()
  /// Where each stands that is in the line.
  private var waiting: [RecallSource: Waiting] = [:]
  private(set) var failures: [RecallSource: FailedEmbedding] = [:]

  /// Something that waits.
  private struct Waiting: Hashable, Sendable {
    /// When it is tried again; `nil` for what has not failed.
    var retryAt: Timestamp?
    /// Its place in the order of changes.
    var place: Int64
    var source: RecallSource

    static func comes(_ left: Waiting, before right: Waiting) -> Bool {
      switch (left.retryAt, right.retryAt) {
      case (nil, nil): left.place < right.place
      case (nil, .some): true
      case (.some, nil): false
      case (let left?, let right?) where left != right: left < right
      default: left.place < right.place
      }
    }
  }

  init(dimension: Int) throws(StoreFailure) {
    do throws(VectorFailure) { index = try VectorIndex(dimension: dimension) } catch {
      throw .invalid("vectors with \(dimension) numbers")
    }
  }

  var coverage: EmbeddingCoverage {
    let parked = failures.count - failures.values.count { $0.retryAt != nil }
    let first = line.firstIndex { $0.retryAt != nil }
    return EmbeddingCoverage(
      embedded: slots.count, waiting: waiting.count, parked: parked,
      nextRetry: first < line.endIndex ? line[first].retryAt : nil)
  }

  /// What is due, in its order.
  func work(at now: Timestamp, limit: Int) -> [(source: RecallSource, attempts: Int)] {
    line.lazy.prefix { $0.retryAt.map { $0 <= now } ?? true }.prefix(max(0, limit))
      .map { ($0.source, failures[$0.source]?.attempts ?? 0) }
  }

  /// What has failed, by its name.
  func failed(after: RecallSource?, limit: Int) -> [FailedEmbedding] {
    let names = failures.keys.filter { name in after.map { $0 < name } ?? true }.sorted()
    return names.prefix(max(0, limit)).compactMap { failures[$0] }
  }

  /// What is nearest to a vector.
  func nearest(
    to vector: [Float], groups: Set<UInt32>, by metric: VectorMetric = .cosine, limit: Int,
    where accepts: ((RecallSource) -> Bool)? = nil
  ) throws(VectorFailure) -> [EmbeddingMatch] {
    let found =
      if let accepts, let few = fewSlots(in: groups, where: accepts) {
        try index.nearestOwners(to: vector, among: few, by: metric, limit: limit) { owners[Int($0)] }
      } else {
        try index.nearestOwners(to: vector, groups: groups, by: metric, limit: limit, where: accepts) {
          owners[Int($0)]
        }
      }
    return found.map { EmbeddingMatch(source: $0.owner, similarity: Double($0.score)) }
  }

  /// The slots of what a rule accepts; `nil` where they are more than are compared one by one.
  private func fewSlots(in groups: Set<UInt32>, where accepts: (RecallSource) -> Bool) -> [Int32]? {
    var few: [Int32] = []
    for (source, slots) in slots {
      guard let first = slots.first, let group = index.group(at: first), groups.contains(group),
        accepts(source)
      else { continue }
      few += slots
      if few.count > Self.few { return nil }
    }
    return few
  }

  private static let few = 8_192

  // MARK: Changes

  /// Lets something wait as if it had never been tried.
  mutating func wait(_ source: RecallSource, place: Int64) {
    failures[source] = nil
    enter(Waiting(retryAt: nil, place: place, source: source))
  }

  /// Removes what is known of something.
  mutating func remove(_ source: RecallSource) {
    leave(source)
    failures[source] = nil
    for slot in slots.removeValue(forKey: source) ?? [] {
      index.remove(slot)
      owners[Int(slot)] = nil
    }
  }

  mutating func put(_ embedded: EmbeddedSource, group: UInt32) {
    remove(embedded.source)
    for vector in embedded.vectors {
      // Vectors of other spaces have been refused, and more than can be numbered do not fit into memory.
      guard let slot = try? index.insert(vector, group: group) else { continue }
      while owners.count <= Int(slot) { owners.append(nil) }
      owners[Int(slot)] = embedded.source
      slots[embedded.source, default: []].append(slot)
    }
  }

  mutating func note(_ failed: FailedEmbedding, place: Int64) {
    guard slots[failed.source] == nil else { return }
    leave(failed.source)
    failures[failed.source] = failed
    guard let time = failed.retryAt else { return }
    enter(Waiting(retryAt: time, place: place, source: failed.source))
  }

  private mutating func enter(_ entry: Waiting) {
    leave(entry.source)
    waiting[entry.source] = entry
    line.insert(entry, by: Waiting.comes)
  }

  private mutating func leave(_ source: RecallSource) {
    guard let entry = waiting.removeValue(forKey: source) else { return }
    line.remove(entry, by: Waiting.comes)
  }
}
