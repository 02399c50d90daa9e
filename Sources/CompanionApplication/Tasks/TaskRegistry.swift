public import CompanionDomain
public import CompanionPorts

/// A kind of task, who does it, and how.
public struct TaskRegistration: Sendable {
  /// Brings a payload's JSON from one version to the next.
  public typealias Upgrade = @Sendable (String) throws -> String

  /// How long an attempt may take.
  @nonexhaustive
  public enum AttemptLimit: Hashable, Sendable {
    /// As long as ``TaskConfiguration/attemptLimit`` says.
    case standard
    /// So long.
    case duration(Duration)
    /// As long as it wants; the task's own deadline ends it.
    case none
  }

  /// The kind.
  public var kind: TaskKind
  /// Who does it.
  public var handler: any TaskHandler
  /// The version of the payload that the handler takes.
  public var payloadVersion: Int
  /// What brings a payload from a version to the next, by the version it comes from.
  public var upgrades: [Int: Upgrade]
  /// The most tasks of this kind that run at the same time in this process; `nil` for as many as there are
  /// workers.
  public var concurrency: Int?
  /// The provider that the handler calls, whose limit in ``TaskConfiguration/providerConcurrency`` counts for
  /// it.
  public var provider: String?
  /// How long an attempt may take.
  public var attemptLimit: AttemptLimit
  /// When a failed attempt is tried again; `nil` for what ``TaskConfiguration/retry`` says.
  public var retry: RetryPolicy?

  /// A registration; what is not given is the usual.
  public init(
    _ kind: TaskKind,
    handler: any TaskHandler,
    payloadVersion: Int = 1,
    upgrades: [Int: Upgrade] = [:],
    concurrency: Int? = nil,
    provider: String? = nil,
    attemptLimit: AttemptLimit = .standard,
    retry: RetryPolicy? = nil
  ) {
    self.kind = kind
    self.handler = handler
    self.payloadVersion = payloadVersion
    self.upgrades = upgrades
    self.concurrency = concurrency
    self.provider = provider
    self.attemptLimit = attemptLimit
    self.retry = retry
  }
}

/// The kinds of tasks that this process does.
struct TaskRegistry: Sendable {
  private let registrations: [TaskKind: TaskRegistration]
  private let configuration: TaskConfiguration

  /// - Parameter registrations: of two for the same kind, the later one counts.
  init(_ registrations: [TaskRegistration], configuration: TaskConfiguration) {
    self.registrations = Dictionary(registrations.map { ($0.kind, $0) }) { _, later in later }
    self.configuration = configuration
  }

  func registration(for kind: TaskKind) -> TaskRegistration? { registrations[kind] }

  func retryPolicy(for kind: TaskKind) -> RetryPolicy { registrations[kind]?.retry ?? configuration.retry }

  func attemptLimit(for kind: TaskKind) -> Duration? {
    switch registrations[kind]?.attemptLimit ?? .standard {
    case .standard: configuration.attemptLimit
    case .duration(let limit): limit
    case .none: nil
    }
  }

  /// The room for each kind.
  ///
  /// The deadline of an attempt that the store keeps is later than its limit by the time that a handler has to
  /// stop: a worker that is alive is the first to end it.
  ///
  /// - Parameters:
  ///   - running: how many tasks of each kind run already.
  ///   - cap: the longest that an attempt may take, whatever its kind says.
  func rooms(running: [TaskKind: Int], cap: Duration? = nil) -> [TaskKind: TaskClaim.Room] {
    var rooms: [TaskKind: TaskClaim.Room] = [:]
    for (kind, registration) in registrations {
      let limit = registration.concurrency.map { max($0, 1) - (running[kind] ?? 0) } ?? .max
      let own = attemptLimit(for: kind)
      let capped = cap.map { cap in own.map { min($0, cap) } ?? cap } ?? own
      rooms[kind] = TaskClaim.Room(
        limit: max(limit, 0), attemptLimit: capped.map { $0 + configuration.windDown })
    }
    return rooms
  }

  /// The providers with a limit, and the kinds that it counts for, both in order.
  var limitedProviders: [(limit: Int, kinds: [TaskKind])] {
    configuration.providerConcurrency.sorted { $0.key < $1.key }.map { provider, limit in
      (limit, registrations.values.filter { $0.provider == provider }.map(\.kind).sorted())
    }
  }

  /// Whether tasks of a kind are claimed here.
  func takes(_ kind: TaskKind) -> Bool { registrations[kind] != nil || !configuration.leavesUnknownKinds }

  /// The room for kinds that are not registered; `nil` leaves them to other processes.
  var roomForOthers: TaskClaim.Room? { configuration.leavesUnknownKinds ? nil : TaskClaim.Room() }

  /// The handler for a task, and the payload in the version that it takes.
  ///
  /// - Throws: why the task cannot be worked on here.
  func prepare(
    _ task: GenerationTask
  ) throws(TaskFailure) -> (registration: TaskRegistration, payload: TaskPayload) {
    guard let registration = registrations[task.request.kind] else { throw .unknownKind(task.request.kind) }
    var payload = task.request.payload
    let bytes = payload.json.utf8.count
    guard bytes <= configuration.maximumPayloadBytes else {
      throw .oversized(bytes: bytes, limit: configuration.maximumPayloadBytes)
    }
    guard (1...max(1, registration.payloadVersion)).contains(payload.version) else {
      throw .undecodable(
        "it is of version \(payload.version), and the handler takes 1 to \(registration.payloadVersion)")
    }
    while payload.version < registration.payloadVersion {
      guard let upgrade = registration.upgrades[payload.version] else {
        throw .undecodable("no upgrade from version \(payload.version) is registered")
      }
      do {
        payload = TaskPayload(json: try upgrade(payload.json), version: payload.version + 1)
      } catch {
        throw TaskFailure.undecodable("the upgrade from version \(payload.version) failed: \(error)").storable
      }
    }
    return (registration, payload)
  }
}
