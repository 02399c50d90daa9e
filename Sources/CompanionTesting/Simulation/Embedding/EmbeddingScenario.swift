import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Everything that a run of the `embedding` profile does, drawn from its seed before it begins.
struct EmbeddingScenario: Sendable {
  /// Which vectors a process is configured to get.
  struct Version: Hashable, Sendable {
    var model: String
    var dimension: Int
    /// The context window that the host has configured, in tokens; `nil` where it has not.
    var window: Int?
    /// The most failures in a row before the provider is left alone.
    var patience: Int

    var identity: ModelIdentity { ModelIdentity(provider: "vectors", model: model) }
    var space: EmbeddingSpace { EmbeddingSpace(model: identity, dimension: dimension) }
  }

  /// How the service behaves.
  struct Service: Sendable {
    /// How long it takes, in milliseconds.
    var latency: ClosedRange<Int>
    /// How often a call goes wrong, in percent.
    var oddsOfFault: Int
    /// How often a text is changed while it is embedded, in percent of the calls.
    var oddsOfEdit: Int
    /// The longest text that it takes, in bytes; its models count tokens otherwise than we do.
    var longestText: Int
    var troubles: [Trouble]
  }

  /// A time in which all calls go wrong in the same way.
  struct Trouble: Sendable {
    var time: Range<Duration>
    var fault: EmbeddingFault
  }

  /// What a text is like.
  enum Saying: Hashable, Sendable {
    case plain
    /// So many sentences.
    case long(Int)
    /// It fails in this way, always.
    case poison(EmbeddingFault)
  }

  /// What there is that can be found; a number picks one that is there then.
  enum Step: Hashable, Sendable {
    case putDocuments([Saying], place: Int)
    case editDocument(Int, Saying)
    case archive(Int)
    case restore(Int)
    case move(Int, place: Int)
    case remove(Int)
    case say([Saying], talk: Int)
    case editMessage(Int, Saying)
    case deleteMessage(Int)
    case eraseTalk(Int)
    case putMemory(place: Int, Saying)
    case removeMemory(place: Int)
    case insertFact(place: Int, Saying)
    case supersede(Int, Saying)
    case removeFact(Int)
    case recall(talk: Int)
    case embedAll
    case retry(Int)
    case closeSpace(Int)
    /// The next version is configured, and the processes are restarted with it, one after the other.
    case reconfigure
    case kill
    case restart
  }

  struct TimedStep: Sendable {
    var time: Duration
    var process: Int
    var step: Step
  }

  var talks: [ChatSession]
  var versions: [Version]
  var processes: [ProcessPlan]
  var service: Service
  var steps: [TimedStep]
  /// When nothing goes wrong any more.
  var calm: Duration
  /// Whether nothing goes wrong at all, in one process that is never restarted: then it is known what is embedded, and
  /// how often.
  var isQuiet: Bool

  /// Where things are found.
  static let places: [MemoryScope] = [
    .user("anna", in: .main), .channel("kitchen", of: .main), .channel("garden", of: .main),
    .workspace(.main),
  ]

  /// How long it may take until everything is embedded when all is calm.
  static let patience = Duration.seconds(24 * 3600)
  /// The most simulated time.
  static let limit = Duration.seconds(3 * 86_400)

  var longestInterval: Duration {
    processes.map(\.configuration.embedding.interval).max() ?? .zero
  }

  /// Of all processes: they look after the same vectors.
  var embedding: EmbeddingConfiguration { processes[0].configuration.embedding }
}

/// How a call of an embedding service goes wrong.
enum EmbeddingFault: Hashable, Sendable {
  case failure(ProviderFailure)
  /// It never answers.
  case hang
  /// It answers when nobody waits any more.
  case late
  /// A vector is missing, or there is one too many.
  case tooFew, tooMany
  /// The vector of one text is none: it has numbers that are not finite, or too many of them.
  case notFinite, otherDimension

  /// Whether it is the service's, whatever it was given.
  var isOfService: Bool {
    guard case .failure(let failure) = self else { return false }
    return [.rateLimited, .overloaded, .unreachable, .authentication].contains(failure.kind)
  }
}
