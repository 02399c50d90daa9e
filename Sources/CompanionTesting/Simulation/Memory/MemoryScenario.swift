import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Everything that a run of the `memory` profile does, drawn from its seed before it begins.
struct MemoryScenario: Sendable {
  /// A conversation, and who talks in it.
  struct Talk: Sendable {
    var session: ChatSession
    var speakers: [UserID]
  }

  /// How the model behaves that forms memory.
  struct Model: Sendable {
    /// How long it takes, in milliseconds.
    var latency: ClosedRange<Int>
    /// How often a call goes wrong, in percent.
    var oddsOfFault: Int
    /// How often an answer is not what was asked for, in percent.
    var oddsOfNonsense: Int
  }

  /// What somebody says.
  enum Saying: Hashable, Sendable {
    case plain
    case fact
    case long
    /// No model takes it.
    case poison
    /// It is made to look like the material that it goes into.
    case injection
  }

  /// What the companion, or a tool, puts into a log.
  enum Answer: Hashable, Sendable {
    case plain
    case reminded
    case tool
    case announcement
    case taskResult(isReminded: Bool)
  }

  /// What is to be forgotten; a number picks one of those that are there then.
  enum Oblivion: Hashable, Sendable {
    case message(Int)
    case talk
    case channel
    case user(Int)
    case userInWorkspace(Int)
  }

  /// Something that people, the companion or fate does.
  enum Step: Hashable, Sendable {
    case say([Saying], speaker: Int)
    case answer(Answer)
    case edit(Int, Saying)
    case delete(Int)
    case remember(speaker: Int)
    case forget(Oblivion)
    /// A message to the companion itself, which it answers.
    case chat
    case generate
    case kill
    case restart
  }

  struct TimedStep: Sendable {
    var time: Duration
    var process: Int
    /// The place of the talk that it is about.
    var talk: Int
    var step: Step
  }

  var talks: [Talk]
  var sharing: ChannelSharing
  var processes: [ProcessPlan]
  var model: Model
  var steps: [TimedStep]
  /// When nothing goes wrong any more.
  var calm: Duration
  /// Whether nothing goes wrong at all, in one process, and nothing is taken back: then what a memory costs is known.
  var isQuiet: Bool

  /// The talk in which the companion answers by itself, in the first process.
  static let chat = 0

  /// How long it may take until everything is remembered when all is calm.
  static let patience = Duration.seconds(24 * 3600)
  /// How long somebody waits until what was forgotten is erased: rewriting a file takes as long as it takes.
  static let patienceWithErasure = Duration.seconds(3600)
  /// The most simulated time.
  static let limit = Duration.seconds(4 * 86_400)

  /// Of all processes: they look after the same memories.
  var window: Duration { processes[0].configuration.memory.window }

  var longestInterval: Duration {
    processes.map(\.configuration.memory.updateInterval).max() ?? .zero
  }
}
