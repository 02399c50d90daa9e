import CSQLite
public import CompanionDomain
public import CompanionPorts

/// Conversations, tasks, the ledger, memories, documents and vectors in one SQLite file, which several processes may
/// use at a time.
///
/// A write-ahead log lies beside the file while it is open, so readers never wait for writers. Commits that
/// are made at the same time share one synchronisation of the disk. Calls that may wait, for the
/// disk or for other processes, run on threads of the store's own.
///
/// A store that is let go of without ``close()`` closes too, at a time that nobody chooses; nothing that
/// ``commit(_:)`` has acknowledged is lost by that, nor by the end of the process.
public final class SQLiteStore: ConversationStore, TaskStore, LedgerStore, MemoryStore, DocumentStore,
  TextIndex, EmbeddingIndex, StateStore
{
  /// What a returned commit has survived.
  public enum Durability: Hashable, Sendable {
    /// The end of the process and of the machine: every group of commits waits for the disk.
    case full
    /// The end of the process. The last commits before a power cut may be lost, each of them whole; those
    /// before them are not, and the file is not damaged.
    case normal
  }

  let writer: Writer
  let readers: ReaderPool
  let vectors: VectorMemory
  let time: any TimeSource
  private let path: String
  private let busyTimeout: Duration
  private let watch: LogWatch?

  /// Opens a database file, or makes it.
  ///
  /// A new file can be read and written by its owner alone. Its folder must be there.
  ///
  /// - Parameters:
  ///   - path: the file; relative to the working directory unless it begins with a slash.
  ///   - durability: what a returned commit has survived.
  ///   - busyTimeout: how long a call waits for other processes before it throws
  ///     ``StoreFailure/busy(_:)``.
  ///   - time: tells which leases have expired. Processes that share a file must agree on the time.
  ///   - watcher: tells when other processes write; without one ``taskChanges()`` tells only what this store
  ///     writes.
  /// - Throws: ``StoreFailure/inaccessible(_:)`` when the file cannot be made or written, belongs to another
  ///   application (it is not changed then), cannot be watched, or the system's SQLite is older than 3.37;
  ///   ``StoreFailure/corrupt(_:)`` when it is not a database; ``StoreFailure/newerSchema(found:supported:)``
  ///   when a newer version of this library has written it.
  public init(
    path: String,
    durability: Durability = .full,
    busyTimeout: Duration = .seconds(5),
    time: any TimeSource,
    watcher: (any FileWatcher)? = nil
  ) async throws(StoreFailure) {
    try Self.checkLibrary()
    let writer = Writer(durability)
    let options = OpenOptions(
      path: path, durability: durability, busyTimeout: busyTimeout, now: time.now)
    let file = try await writer.open(options)
    self.path = file
    self.readers = try await ReaderPool(file, busyTimeout: busyTimeout)
    vectors = VectorMemory(file, busyTimeout: busyTimeout)
    watch = try watcher.map { watcher throws(StoreFailure) in
      try LogWatch(LogFile.path(of: file), watcher) { await writer.noticeOthers() }
    }
    self.writer = writer
    self.time = time
    self.busyTimeout = busyTimeout
  }

  deinit { watch?.end() }

  /// Stores all changes or none, in one transaction with whatever else is committed at the same time.
  @discardableResult
  public func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try changes.validate()
    var encoded: [StoredChange] = []
    encoded.reserveCapacity(changes.changes.count)
    for change in changes.changes { encoded.append(try StoredChange(change)) }
    let stored = encoded
    let time = time
    let body = WriteBody { file throws(StoreFailure) in
      // Here, because the wait for other processes is over.
      let now = time.now
      var outcomes: [TaskChange] = []
      for change in stored {
        if let outcome = try file.apply(change, at: now) { outcomes.append(outcome) }
      }
      return outcomes
    }
    return try await writer.write(body, isSmall: changes.isSmall)
  }

  /// Stores what has been handed over and closes the file.
  ///
  /// Whatever is called later throws ``StoreFailure/closed``. Closing twice does nothing more.
  public func close() async {
    watch?.end()
    await readers.close()
    await vectors.close()
    await writer.close()
  }

  /// A reader of its own for work that takes long, so that no other read waits behind it.
  func longRead(_ body: @Sendable (Connection) throws(StoreFailure) -> Void) async throws(StoreFailure) {
    // It goes through the pool first, for the sake of ``StoreFailure/closed``.
    try await readers.read { _ in }
    let reader = Reader()
    try await reader.open(path, busyTimeout: busyTimeout)
    try await reader.read(body)
  }

  private static func checkLibrary() throws(StoreFailure) {
    guard sqlite3_libversion_number() >= 3_037_000 else {
      throw unsafe .inaccessible("SQLite \(String(cString: sqlite3_libversion())) is older than 3.37")
    }
    guard sqlite3_threadsafe() != 0 else {
      throw .inaccessible("this SQLite was built for programs of one thread")
    }
  }
}

/// What a file is opened with.
struct OpenOptions: Sendable {
  var path: String
  var durability: SQLiteStore.Durability
  var busyTimeout: Duration
  var now: Timestamp
}

extension SQLiteStore {
  /// How many transactions this store has committed.
  package var commits: Int { get async { await writer.commits } }

  /// Lets the file grow to so many pages, as a disk that is full then.
  package func limitPages(to count: Int) async throws(StoreFailure) {
    try await writer.limitPages(to: count)
  }
}
