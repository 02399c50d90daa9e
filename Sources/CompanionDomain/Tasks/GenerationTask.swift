/// One piece of work that takes longer than a reply, and where it stands.
///
/// A value: ``applying(_:at:)`` returns the task as it would be afterwards, and the event that tells of it; a
/// store persists both together.
public struct GenerationTask: Hashable, Sendable, Codable {
  /// The task's name.
  public let id: TaskID
  /// What it is to do, for whom, and when.
  public var request: TaskRequest { boxedRequest.value }
  private let boxedRequest: Boxed<TaskRequest>
  /// When it was asked for.
  public let createdAt: Timestamp
  /// Where it stands.
  public internal(set) var state: TaskState
  /// Raised by one with every claim, and never lowered: whoever holds an older number changes nothing.
  public internal(set) var lease: LeaseNumber
  /// How many attempts have failed, those included whose worker died or hung. One that was released, or waits,
  /// has not failed. It starts over when the task is taken back from the dead letters.
  public internal(set) var failedAttempts: Int
  /// How many workers have died over the task, one after another.
  public internal(set) var rescues: Int
  /// How often it has been taken back from the dead letters.
  public internal(set) var requeues: Int
  /// What most tasks never have, in one place: `nil` when there is none of it.
  private var rarities: Boxed<Rarities>?
  /// Raised by one with every change.
  public internal(set) var revision: Int64
  /// The number of the last event. The first, its creation, is 1.
  public internal(set) var lastEvent: Int64

  private enum CodingKeys: String, CodingKey {
    case id
    case boxedRequest = "request"
    case createdAt, state, lease, failedAttempts, rescues, requeues, revision, lastEvent
    case rarities = "more"
  }

  /// A new task, waiting for a worker.
  public init(id: TaskID, request: TaskRequest, createdAt: Timestamp) {
    self.init(id: id, request: request, createdAt: createdAt, state: Self.start(of: request, createdAt))
  }

  private static func start(of request: TaskRequest, _ createdAt: Timestamp) -> TaskState {
    // A start in the past is no way to the front of the line.
    let since = max(request.notBefore ?? createdAt, createdAt)
    return .queued(TaskQueueing(since: since, notBefore: request.notBefore))
  }

  /// A task as a store has kept it.
  package init(
    id: TaskID, request: TaskRequest, createdAt: Timestamp, state: TaskState,
    lease: LeaseNumber = LeaseNumber(rawValue: 0), failedAttempts: Int = 0, rescues: Int = 0,
    requeues: Int = 0, cancelRequest: String? = nil, progress: TaskProgress? = nil, input: TaskInput? = nil,
    usage: TokenUsage? = nil, revision: Int64 = 0, lastEvent: Int64 = 1
  ) {
    self.id = id
    boxedRequest = Boxed(request)
    self.createdAt = createdAt
    self.state = state
    self.lease = lease
    self.failedAttempts = failedAttempts
    self.rescues = rescues
    self.requeues = requeues
    self.revision = revision
    self.lastEvent = lastEvent
    let rarities = Rarities(cancelRequest: cancelRequest, progress: progress, input: input, usage: usage)
    self.rarities = rarities == Rarities() ? nil : Boxed(rarities)
  }

  /// The event that tells of a new task.
  public var creation: TaskEvent { TaskEvent(task: id, number: 1, time: createdAt, kind: .created) }

  /// Whether nothing has happened to the task yet: only such a one may be added to a store.
  public var isNew: Bool {
    revision == 0 && lastEvent == 1 && lease.rawValue == 0 && failedAttempts == 0 && rescues == 0
      && requeues == 0 && rarities == nil && state == Self.start(of: request, createdAt)
  }

  /// The number of the attempt that runs, or would be next, from 1.
  public var attempt: Int { failedAttempts + 1 }
}

extension GenerationTask {
  private struct Rarities: Hashable, Sendable, Codable {
    var cancelRequest: String?
    var progress: TaskProgress?
    var input: TaskInput?
    var usage: TokenUsage?
  }

  /// Why a running task shall stop, when somebody asked for it.
  public internal(set) var cancelRequest: String? {
    get { rarities?.value.cancelRequest }
    set { setRarity(\.cancelRequest, newValue) }
  }

  /// How far it is, in the words of its handler; `nil` before the first report.
  public internal(set) var progress: TaskProgress? {
    get { rarities?.value.progress }
    set { setRarity(\.progress, newValue) }
  }

  /// What ended the last wait, such as an answer; `nil` where nothing was brought.
  public internal(set) var input: TaskInput? {
    get { rarities?.value.input }
    set { setRarity(\.input, newValue) }
  }

  /// The tokens of all calls that its handler has reported; `nil` where none was.
  public internal(set) var usage: TokenUsage? {
    get { rarities?.value.usage }
    set { setRarity(\.usage, newValue) }
  }

  private mutating func setRarity<Value>(_ path: WritableKeyPath<Rarities, Value?>, _ value: Value?) {
    guard rarities != nil || value != nil else { return }
    var changed = rarities?.value ?? Rarities()
    changed[keyPath: path] = value
    rarities = changed == Rarities() ? nil : Boxed(changed)
  }
}
