import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Everything that a run of the `tasks` profile does, drawn from its seed before it begins.
struct TaskScenario: Sendable {
  /// What a task is to be, and how often and under what name it is asked for.
  struct Job: Sendable {
    var kind: TaskKind
    var behaviour: JobBehaviour
    var payload: TaskPayload
    var key: String?
    var priority = GenerationTask.Priority.normal
    /// From the moment at which it is asked for.
    var notBefore: Duration?
    var deadline: Duration?
    var isFromConversation = false
  }

  /// Something that a client, a person or fate does.
  enum Step: Sendable {
    /// Asks for jobs, together.
    case create([Int])
    /// Asks for something else under a job's key.
    case createOther(underKeyOf: Int)
    case cancel(Int)
    case retry(Int)
    case wake(Int)
    case pause(TaskKind?)
    case resume(TaskKind?)
    case sweep
    case review
    /// A host's own loop claims one task.
    case processOne
    case kill
    /// The process ends gracefully, and starts with another configuration.
    case restart
    case holdUp(Duration)
    case jump(Duration)
    case stallHeartbeats(Duration)
  }

  struct TimedStep: Sendable {
    var time: Duration
    var process: Int
    var step: Step
  }

  /// A process and how it changes with each restart.
  struct Process: Sendable {
    var offset: Duration
    var reusesWorkerID: Bool
    var restartDelay: Duration
    /// Whether it never comes back once it has died.
    var staysDown: Bool
    var odds: StoreFaultPlan.Odds
    /// The first is that of the first start; after the last it begins anew.
    var settings: [ProcessSettings]
  }

  var processes: [Process]
  /// The last is asked for by the schedule alone; see ``filler``.
  var jobs: [Job]
  var steps: [TimedStep]
  /// How often an occurrence of the schedule comes; `nil` for no schedule.
  var schedule: Duration?
  /// When nothing goes wrong any more.
  var calm: Duration

  /// What the schedule asks for, and whoever uses a key that is another's: little work, so that there is always
  /// somebody for the rest.
  var filler: TaskPayload { TaskPayload(json: "\(jobs.count - 1)") }

  /// Who asks for the tasks of the schedule.
  static let scheduler = TaskRequester.named(RequesterID(bits: 8))

  /// The most simulated time; what has not ended by then never does.
  static let limit = Duration.seconds(3500)
}

/// How one process is configured, from one start to its end.
struct ProcessSettings: Sendable {
  var configuration: TaskConfiguration
  /// The most tasks of each kind at the same time.
  var concurrency: [TaskKind: Int] = [:]
  var narrowAttemptLimit = Duration.zero
  var knowsRareKind = false
}

/// What the handler of a job does.
enum JobBehaviour: Sendable {
  case succeed(after: Duration)
  /// The first attempts fail, and the one behind them succeeds.
  case fail(times: Int, JobFailure, after: Duration)
  /// Never ends by itself, and stops when it is told to.
  case hang
  /// Does not listen to anybody, and is done after a time.
  case ignoreCancellation(Duration)
  case report(count: Int, every: Duration)
  /// Waits for somebody, or something, and then is done.
  case wait(WaitReason, limit: Duration?)
  /// Its process dies whenever it begins.
  case poison
  /// Brings back what no store holds.
  case unstorable
  case callModel
}

/// How an attempt fails.
enum JobFailure: Sendable {
  case provider(ProviderFailure)
  case handler(isPermanent: Bool)
  /// An error that says nothing about itself.
  case unknown
  /// As if it had been cancelled, which it has not.
  case cancelled
}

extension TaskKind {
  static let quick: TaskKind = "quick"
  static let narrow: TaskKind = "narrow"
  static let versioned: TaskKind = "versioned"
  static let endless: TaskKind = "endless"
  static let rare: TaskKind = "rare"

  static let simulated: [TaskKind] = [.quick, .narrow, .versioned, .endless, .rare, .textGeneration]
}
