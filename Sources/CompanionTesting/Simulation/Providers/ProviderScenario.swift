import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Everything that a run of the `providers` profile does, drawn from its seed before it begins.
struct ProviderScenario: Sendable {
  /// What stands behind a provider's name: how it is configured at first, and how it behaves.
  struct Remote: Sendable {
    var configuration: ProviderConfiguration
    /// Whether a submission under a name that it knows is the same job.
    var honoursKeys: Bool
    /// How long it takes until an answer begins, and between two pieces of it.
    var latency: ClosedRange<Int>
    /// How long its jobs take.
    var jobLength: ClosedRange<Int>
    /// How often something goes wrong with a call at any time, in percent.
    var oddsOfFault: Int
    var troubles: [Trouble]
  }

  /// A time in which something is wrong with a provider.
  struct Trouble: Sendable {
    var from: Duration
    var to: Duration
    var fault: RemoteFault
    /// How many of the calls it meets, in percent.
    var percent: Int
  }

  /// A task that is asked for.
  struct Job: Sendable {
    var kind: TaskKind
    var deadline: Duration?
  }

  /// Something that a client, a person or fate does.
  enum Step: Sendable {
    case ask(Int)
    case cancel(Int)
    /// A message; its reply is stopped after some time, if it has not ended.
    case chat(Int, stopAfter: Duration?)
    case switchProvider(from: Int, to: Int, includingRunning: Bool)
    case update(ProviderConfiguration)
    case kill
    case restart
  }

  struct TimedStep: Sendable {
    var time: Duration
    var process: Int
    var step: Step
  }

  var remotes: [Remote]
  var processes: [ProcessPlan]
  var jobs: [Job]
  var steps: [TimedStep]
  /// When nothing goes wrong any more.
  var calm: Duration

  /// The names of the providers, in the order in which they are configured.
  static let ids: [ProviderID] = ["north", "east", "south", "west"]

  /// A model by this name is one that no provider has.
  static let missingModel = "missing"

  /// The most simulated time; what has not ended by then never does.
  static let limit = Duration.seconds(3500)
}

/// What goes wrong with a call, as the adapter of its provider sees it.
enum RemoteFault: Sendable {
  /// The provider does not take it.
  case refusal(ProviderFailure)
  /// The adapter gives up after some time. The provider may do all the same what it was asked.
  case timeout(after: Duration, isDone: Bool)
  /// The stream is cut, before its first piece or behind it.
  case cut(afterFirst: Bool)
  /// Something comes that is no answer.
  case malformed
  /// An answer without a word.
  case empty
  /// The answer is cut at the limit on tokens.
  case length
  /// The provider's filter stops the answer behind its first piece.
  case filteredMidway
}

extension ProviderScenario {
  func index(of id: ProviderID) -> Int? { Self.ids.firstIndex(of: id) }
}
