import CSQLite
import CompanionDomain
import CompanionPorts
import CompanionSQLite
import Foundation

/// A clock that shows one time for ever.
struct StoppedClock: TimeSource {
  var now = Timestamp(nanosecondsSinceEpoch: 1_772_357_400_000_000_000)
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws { throw CancellationError() }
}

/// A new folder, as long as the body runs.
func withTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "stores-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: folder) }
  try await body(folder)
}

/// A database file that does not exist yet, in a new folder.
func withDatabase(_ body: (String) async throws -> Void) async throws {
  try await withTemporaryFolder { folder in try await body(folder.appending(path: "store.db").path) }
}

func open(
  _ path: String, durability: SQLiteStore.Durability = .normal, busyTimeout: Duration = .seconds(60),
  watcher: (any FileWatcher)? = nil
) async throws(StoreFailure) -> SQLiteStore {
  try await SQLiteStore(
    path: path, durability: durability, busyTimeout: busyTimeout, time: StoppedClock(), watcher: watcher)
}

/// A connection beside the store's, as another program would have.
final class RawDatabase {
  private let handle: OpaquePointer?

  init(_ path: String) {
    var handle: OpaquePointer?
    sqlite3_open(path, &handle)
    self.handle = handle
  }

  deinit { sqlite3_close(handle) }

  func run(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw RawFailure(message: String(cString: sqlite3_errmsg(handle)))
    }
  }

  /// The number that a query gives.
  func number(_ sql: String) throws -> Int64 {
    var statement: OpaquePointer?
    defer { sqlite3_finalize(statement) }
    guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK,
      sqlite3_step(statement) == SQLITE_ROW
    else { throw RawFailure(message: String(cString: sqlite3_errmsg(handle))) }
    return sqlite3_column_int64(statement, 0)
  }

  struct RawFailure: Error { var message: String }
}

/// Takes away what version 6 of a file has added.
func toVersionFive(_ path: String) throws {
  try toVersionSeven(path)
  let file = RawDatabase(path)
  for table in embeddingTables { try file.run("DROP TABLE \(table)") }
  for table in ["messages", "memories", "facts", "documents"] {
    try file.run("ALTER TABLE \(table) DROP COLUMN embedding")
  }
  try file.run("PRAGMA user_version = 5")
}

/// Takes away what version 7 of a file has added.
func toVersionSix(_ path: String) throws {
  try toVersionSeven(path)
  let file = RawDatabase(path)
  try file.run(
    """
    DROP INDEX embedding_sources_by_time; DROP TABLE embedding_metadata;
    ALTER TABLE embedding_sources DROP COLUMN time; PRAGMA user_version = 6
    """)
}

/// Takes away what version 8 of a file has added.
func toVersionSeven(_ path: String) throws {
  try toVersionEight(path)
  try RawDatabase(path).run(
    "DROP TABLE session_states; DROP TABLE task_states; PRAGMA user_version = 7")
}

/// Takes away what version 9 of a file has added.
func toVersionEight(_ path: String) throws {
  try RawDatabase(path).run(
    "DROP TABLE companion_states; DROP TABLE companions; PRAGMA user_version = 8")
}

/// The tables of what is embedded.
let embeddingTables = [
  "embedding_state", "embedding_sources", "embedding_partitions", "embedding_spaces", "embedding_line",
  "embedding_failures", "embedding_vectors", "embedding_tail", "embedding_blocks", "embedding_removals",
  "embedding_metadata",
]

func identifier<ID: Identifier>(_ number: Int, of _: ID.Type = ID.self) -> ID {
  ID(bits: UInt128(clamping: number))
}

let chat = ChatSession(id: identifier(1), createdAt: .epoch)

let kitchen = MemoryScope.channel("kitchen", of: .main)

func message(_ place: Int, _ text: String = "hello") -> ChatMessage {
  ChatMessage(
    sequence: SequenceNumber(rawValue: Int64(place)), turn: identifier(1), role: .user,
    parts: [.text(text)], time: Timestamp(nanosecondsSinceEpoch: Int64(place)), origin: .person)
}

func append(_ place: Int, _ text: String = "hello", to id: SessionID = chat.id) -> ChangeSet.Change {
  .append([message(place, text)], to: id, after: SequenceNumber(rawValue: Int64(place - 1)))
}

func task(_ number: Int, kind: TaskKind = .textGeneration) -> GenerationTask {
  GenerationTask(
    id: identifier(number),
    request: TaskRequest(
      kind: kind, payload: TaskPayload(json: #""a poem""#), requester: .conversation(chat.id, identifier(1))),
    createdAt: Timestamp(nanosecondsSinceEpoch: Int64(number)))
}

extension TaskStore {
  /// All tasks, newest first.
  func allTasks() async throws(StoreFailure) -> [GenerationTask] {
    try await tasks(matching: TaskFilter(), limit: .max)
  }

  func claim(_ limit: Int, by worker: Int = 1) async throws(StoreFailure) -> [GenerationTask] {
    try await claim(TaskClaim(worker: identifier(worker), limit: limit, leaseLength: .seconds(30)))
      .changes.map(\.task)
  }

  func events() async throws(StoreFailure) -> [RecordedTaskEvent] {
    try await taskEvents(after: .start, of: nil, limit: .max)
  }
}

extension ConversationStore {
  func log(_ id: SessionID = chat.id) async throws(StoreFailure) -> [ChatMessage] {
    try await messages(in: id, before: nil, limit: .max)
  }

  /// Whether the places of a log are 1, 2, 3 and so on, up to the session's last.
  func isGapless(_ id: SessionID = chat.id) async throws(StoreFailure) -> Bool {
    let places = try await log(id).map(\.sequence.rawValue)
    let last = try await session(id)?.lastSequence.rawValue ?? 0
    return places == Array(stride(from: 1, through: last, by: 1))
  }
}

/// What a call throws.
func failure(of body: () async throws(StoreFailure) -> Void) async -> StoreFailure? {
  do throws(StoreFailure) {
    try await body()
    return nil
  } catch { return error }
}

extension StoreFailure? {
  var isFull: Bool { if case .full = self { true } else { false } }
  var isInaccessible: Bool { if case .inaccessible = self { true } else { false } }
  var isCorrupt: Bool { if case .corrupt = self { true } else { false } }
  var isBusy: Bool { if case .busy = self { true } else { false } }
}
