import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Everything that a run of the `chat` profile does, drawn from its seed before it begins.
struct ChatScenario: Sendable {
  /// What somebody says.
  enum Saying: Hashable, Sendable {
    case plain
    case long
    /// So long that it hardly fits a prompt, or does not.
    case huge
    /// Something that becomes a background task.
    case work
  }

  /// What becomes of an answer at the one who takes it.
  enum Consumer: Hashable, Sendable {
    case takesAll
    /// Stops the answer behind so many pieces.
    case interrupts(after: Int)
    /// Lets go of it behind so many pieces.
    case abandons(after: Int)
    /// Is cancelled.
    case isCancelled(after: Duration)
  }

  /// A message, and what is done with its answer.
  struct Message: Hashable, Sendable {
    var saying: Saying
    var updatesContext: Bool
    var options: TurnOptions
    var consumer: Consumer
    /// How long somebody takes for a piece.
    var pace: Duration
  }

  /// What is to be forgotten; a number picks one of those that are there then.
  enum Oblivion: Hashable, Sendable {
    case message(Int)
    case session
  }

  /// Something that people, hosts or fate do.
  enum Step: Hashable, Sendable {
    case send(Message)
    case interrupt
    case edit(Int)
    case delete(Int)
    case update
    case cancelTask(Int)
    case close
    case reopen
    case fork(Int)
    case forget(Oblivion)
    case mode(ChatMode)
    case kill
    case restart
  }

  struct TimedStep: Sendable {
    var time: Duration
    var process: Int
    /// The place of the conversation that it is about.
    var talk: Int
    var step: Step
  }

  /// What goes wrong with a provider.
  struct Remote: Sendable {
    /// How long it takes until an answer begins, in milliseconds.
    var latency: ClosedRange<Int>
    /// How long it takes from one piece to the next, in milliseconds.
    var gap: ClosedRange<Int>
    /// How often a call goes wrong, in percent.
    var oddsOfFault: Int
    /// How often an understanding is none, in percent.
    var oddsOfNonsense: Int
    /// When it is away.
    var outages: [Range<Duration>]
  }

  var talks: Int
  var processes: [ProcessPlan]
  var remotes: [Remote]
  var steps: [TimedStep]
  /// When nothing goes wrong any more.
  var calm: Duration
  /// Whether nothing goes wrong with stores and processes.
  var isQuiet: Bool
  /// Whether tokens are counted by the host.
  var countsExactly: Bool
  /// Whether a classifier understands some messages.
  var hasClassifier: Bool
  /// How often a person answers when asked for permission, or something else, in percent.
  var oddsOfAnswer: Int

  static let providers: [ProviderID] = ["alpha", "beta"]
  /// How long it may take until everything has ended when all is calm.
  static let patience = Duration.seconds(4 * 3600)
  /// The most simulated time.
  static let limit = Duration.seconds(86_400)

  static func session(_ talk: Int) -> SessionID { SessionID(bits: UInt128(100 + talk)) }

  /// The process in which a conversation is resumed.
  func home(of talk: Int) -> Int { talk % processes.count }

  /// What every prompt has to fit.
  var prompts: PromptConfiguration { processes[0].configuration.prompts }
}
