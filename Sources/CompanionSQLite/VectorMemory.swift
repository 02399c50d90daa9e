import CompanionDomain
import CompanionPorts

/// The vectors of the spaces that are searched, in memory: read when a space is first asked for, and followed from
/// then on, whoever writes.
///
/// It has a thread and a connection of its own: to read everything takes a while, and no other read waits behind it.
/// Whoever asks meanwhile waits for the same reading. What it gives is a value, which is searched elsewhere.
actor VectorMemory {
  private let executor = QueueExecutor(label: "CompanionSQLite.vectors")
  private let path: String
  private let busyTimeout: Duration
  private var reader: Reader?
  private var held: [EmbeddingSpace: SpaceVectors] = [:]
  private var isClosed = false
  private var isReading = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  init(_ path: String, busyTimeout: Duration) {
    self.path = path
    self.busyTimeout = busyTimeout
  }

  /// The vectors of a space as they are now, and the groups that partitions have among them; `nil` where the space is
  /// not open.
  func vectors(
    of space: EmbeddingSpace, in partitions: [String]
  ) async throws(StoreFailure) -> (vectors: SpaceVectors, groups: Set<UInt32>)? {
    await begin()
    defer { end() }
    let reader = try await openReader()
    do throws(StoreFailure) {
      let moment = held[space]?.moment
      let news = try await reader.read { connection throws(StoreFailure) in
        try connection.run("BEGIN")
        let news = try connection.vectorNews(of: space, since: moment, in: partitions)
        if news.isNothing { connection.rollBack() }
        return news
      }
      held = held.filter { news.openSpaces.contains($0.value.moment.space) }
      guard let row = news.space else { return nil }
      if !news.isNothing {
        held[space] = try await follow(news, of: row, held.removeValue(forKey: space), reader)
        try await reader.read { connection in connection.rollBack() }
      }
      return held[space].map { ($0, news.groups) }
    } catch {
      // What has been read half is read anew.
      held[space] = nil
      // The connection is closed, or ends the snapshot.
      _ = try? await reader.read { connection in connection.rollBack() }
      throw error
    }
  }

  func close() async {
    await begin()
    defer { end() }
    isClosed = true
    held = [:]
    await reader?.close()
  }

  // MARK: Steps

  private func follow(
    _ news: VectorNews, of space: SpaceRow, _ old: consuming SpaceVectors?, _ reader: Reader
  ) async throws(StoreFailure) -> SpaceVectors {
    if news.isBehind || old?.isSparse == true { old = nil }
    let isAnew = old == nil
    var vectors: SpaceVectors
    // Taken, since what is held twice is copied when it changes.
    if let kept = old.take() { vectors = kept } else { vectors = try SpaceVectors(of: space) }
    if !isAnew { for numbers in news.removed { vectors.remove(numbers) } }
    var batch = try await reader.vectors(of: space, from: vectors.moment.next)
    while true {
      let (isLast, next) = (batch.isLast, (batch.numbers.last ?? 0) + 1)
      // One reads ahead while the other works.
      async let ahead = isLast ? nil : reader.result(of: space, from: next)
      if isAnew { try vectors.load(batch) } else { try vectors.insert(batch) }
      guard let following = await ahead else { break }
      batch = try following.get()
    }
    vectors.moment = SpaceVectors.Moment(space: space.key, next: space.next, change: news.change)
    return vectors
  }

  private func openReader() async throws(StoreFailure) -> Reader {
    guard !isClosed else { throw .closed }
    if let reader { return reader }
    let opened = Reader()
    try await opened.open(path, busyTimeout: busyTimeout)
    reader = opened
    return opened
  }

  /// Waits until nobody else reads.
  private func begin() async {
    if isReading {
      // Whoever ends leaves it to the next.
      await withCheckedContinuation { waiting.append($0) }
    } else {
      isReading = true
    }
  }

  private func end() {
    if waiting.isEmpty { isReading = false } else { waiting.removeFirst().resume() }
  }
}

extension Reader {
  /// In numbers of vectors.
  private static let batch = 8 << 20

  /// Reads vectors of a space, inside the snapshot: as many as fill a page of an index, unless they are very long.
  fileprivate func vectors(of space: SpaceRow, from first: Int64) throws(StoreFailure) -> VectorBatch {
    try read { connection throws(StoreFailure) in
      try connection.vectors(of: space, from: first, limit: min(4096, max(1, Self.batch / space.dimension)))
    }
  }

  fileprivate func result(of space: SpaceRow, from first: Int64) -> Result<VectorBatch, StoreFailure> {
    do throws(StoreFailure) { return .success(try vectors(of: space, from: first)) } catch {
      return .failure(error)
    }
  }
}

/// What the file has of a space that memory has not.
struct VectorNews: Sendable {
  /// `nil` where the space is not open.
  fileprivate(set) var space: SpaceRow?
  /// The keys of all that are.
  fileprivate(set) var openSpaces: Set<Int64> = []
  /// The numbers of partitions, of those that there are.
  fileprivate(set) var groups: Set<UInt32> = []
  /// The numbers of vectors that went.
  fileprivate(set) var removed: [Range<Int64>] = []
  /// The last removal.
  fileprivate(set) var change: Int64 = 0
  /// Whether it cannot be told what went.
  fileprivate(set) var isBehind = false
  fileprivate(set) var isNothing = false
}

extension Connection {
  private static let changes = SQL("SELECT min(change), max(change) FROM embedding_removals")
  private static let removals = SQL(
    "SELECT first, count FROM embedding_removals WHERE change > ? AND space = ? ORDER BY change")

  fileprivate func vectorNews(
    of space: EmbeddingSpace, since moment: SpaceVectors.Moment?, in partitions: [String]
  ) throws(StoreFailure) -> VectorNews {
    var news = VectorNews()
    news.openSpaces = Set(try SpaceRow.all(self).map(\.key))
    guard let row = try SpaceRow.find(space, self) else {
      news.isNothing = true
      return news
    }
    news.space = row
    for name in partitions {
      if let group = try embeddingPartition(name) { news.groups.insert(group) }
    }
    let changes = try self.row(Self.changes) { row throws(StoreFailure) in
      row.isNull(0) ? (first: Int64(0), last: Int64(0)) : (try row.counter(0), try row.counter(1))
    }
    let (first, last) = changes ?? (0, 0)
    news.change = last
    guard let moment, moment.space == row.key else {
      news.isBehind = true
      return news
    }
    news.isNothing = moment.next == row.next && moment.change == last
    news.isBehind = moment.change + 1 < first || moment.change > last || moment.next > row.next
    guard !news.isNothing, !news.isBehind else { return news }
    try forEachRow(Self.removals, [.integer(moment.change), .integer(row.key)]) { row throws(StoreFailure) in
      let (first, count) = (try row.counter(0), try row.counter(1))
      guard first < SpaceRow.numbers, count <= SpaceRow.numbers else { throw VectorBlock.damage }
      news.removed.append(first..<first + count)
      return true
    }
    return news
  }
}
