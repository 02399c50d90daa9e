import CompanionDomain
import CompanionPorts

/// What of an ``InMemoryStore`` is embedded, and what waits for it.
struct StoredEmbeddings: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case close(EmbeddingSpace)
    indirect case open(EmbeddingSpace, StoredSpace, place: Int)
  }

  /// What can be found.
  private var sources: [RecallSource: Source] = [:]
  /// What filters look at, of all that can be found: apart, so that a search can have it outside of the store's lock.
  private var records: [RecallSource: FilteredRecord] = [:]
  private var lastPlace: Int64 = 0
  private(set) var open: [EmbeddingSpace] = []
  private var spaces: [EmbeddingSpace: StoredSpace] = [:]
  private var partitions = NumberedPartitions()

  /// Something that can be found, as it was changed last.
  private struct Source: Sendable {
    var hash: ContentHash
    var partition: String
    /// Its place in the order of changes.
    var place: Int64
  }

  /// What a filter looks at.
  private struct FilteredRecord: Sendable {
    var time: Timestamp
    var metadata: [String: String]
  }

  subscript(space: EmbeddingSpace) -> StoredSpace? { spaces[space] }

  /// The groups of vectors of kinds in scopes.
  func groups(_ kinds: Set<RecallSource.Kind>, in scopes: Set<MemoryScope>) -> Set<UInt32> {
    var groups: Set<UInt32> = []
    for kind in kinds {
      for scope in scopes {
        if let number = partitions[TextDocument<RecallSource>.partition(kind, in: scope)] {
          groups.insert(number)
        }
      }
    }
    return groups
  }

  /// What a filter accepts, as it is now; `nil` for everything of its kinds.
  func rule(of filter: RecallFilter) -> (@Sendable (RecallSource) -> Bool)? {
    guard filter.restrictsRecords else { return nil }
    return { [records] source in
      records[source].map { filter.accepts(source.kind, from: $0.time, with: $0.metadata) } ?? false
    }
  }

  // MARK: What can be found

  /// Takes in what a source is now; `nil` for nothing. What says something else loses its vectors, and waits.
  mutating func update(_ source: RecallSource, to record: RecallRecord?) {
    let old = sources[source]
    let text = record.flatMap { EmbeddingText($0) }
    records[source] =
      text == nil ? nil : record.map { FilteredRecord(time: $0.time, metadata: $0.metadata) }
    let partition = text.map { TextDocument<RecallSource>.partition($0.source.kind, in: $0.scope) }
    guard old?.hash != text?.hash || old?.partition != partition else { return }
    if let old {
      for space in open { spaces[space]?.remove(source) }
      partitions.leave(old.partition)
    }
    guard let text, let partition else {
      sources[source] = nil
      return
    }
    lastPlace += 1
    sources[source] = Source(hash: text.hash, partition: partition, place: lastPlace)
    partitions.enter(partition)
    for space in open { spaces[space]?.wait(source, place: lastPlace) }
  }

  // MARK: Spaces

  /// - Returns: `nil` where it is open.
  mutating func openSpace(_ space: EmbeddingSpace) throws(StoreFailure) -> Undo? {
    guard spaces[space] == nil else { return nil }
    var opened = try StoredSpace(dimension: space.dimension)
    for (source, stored) in sources.sorted(by: { $0.value.place < $1.value.place }) {
      opened.wait(source, place: stored.place)
    }
    spaces[space] = opened
    open.append(space)
    return .close(space)
  }

  /// - Returns: `nil` where it is not open.
  mutating func closeSpace(_ space: EmbeddingSpace) -> Undo? {
    guard let place = open.firstIndex(of: space), let closed = spaces.removeValue(forKey: space) else {
      return nil
    }
    open.remove(at: place)
    return .open(space, closed, place: place)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .close(let space): _ = closeSpace(space)
    case .open(let space, let closed, let place):
      spaces[space] = closed
      open.insert(space, at: place)
    }
  }

  // MARK: Vectors

  /// Keeps vectors, unless the text is another one by now.
  mutating func put(_ embedded: EmbeddedSource, in space: EmbeddingSpace) {
    guard let source = sources[embedded.source], source.hash == embedded.hash,
      let group = partitions[source.partition]
    else { return }
    spaces[space]?.put(embedded, group: group)
  }

  /// Notes a failure, unless the text is another one by now, or has its vectors.
  mutating func note(_ failed: FailedEmbedding, in space: EmbeddingSpace) {
    guard let source = sources[failed.source], source.hash == failed.hash else { return }
    spaces[space]?.note(failed, place: source.place)
  }

  /// Lets what has failed wait as if it had never been tried.
  mutating func retry(in space: EmbeddingSpace) {
    guard let failed = spaces[space]?.failures.keys.sorted() else { return }
    for source in failed {
      guard let place = sources[source]?.place else { continue }
      spaces[space]?.wait(source, place: place)
    }
  }
}
