import CompanionDomain
import CompanionPorts
import Synchronization

/// One request as it reached a provider.
struct WireCall: Sendable {
  enum Kind: Sendable {
    case answer, intent, task, test, submit, poll, fetch, cancel

    init(_ purpose: CallPurpose) {
      self =
        switch purpose {
        case .answer: .answer
        case .intent: .intent
        case .connectionTest: .test
        default: .task
        }
    }

    /// Whether a router has to choose the provider, by its breaker, its rates and its budget.
    var isRouted: Bool { self != .test && self != .cancel }

    /// Whether it begins an answer, and another provider might have been asked instead.
    var isTry: Bool { self == .answer || self == .intent || self == .task || self == .submit }
  }

  /// What a request is made for: the unit of which each provider gets one try.
  enum Subject: Hashable, Sendable {
    case turn(Int, CallPurpose)
    /// One run of a task's handler.
    case run(Int)
  }

  enum End: Sendable {
    case succeeded
    case failed(ProviderFailure)
    /// Its caller went away.
    case abandoned
  }

  let life: Int
  let provider: Int
  /// Which configuration of the provider it is made by.
  let version: Int
  let kind: Kind
  let subject: Subject?
  let begin: Timestamp
  /// Its place in the order in which calls begin and end, where they do so at the same time.
  let beginOrder: Int
  var firstPiece: Timestamp?
  var end: (time: Timestamp, how: End, order: Int)?
  var usage: TokenUsage?
}

/// A request that is under way. Who lets go of it abandons it.
final class OpenCall: Sendable {
  private let witness: ProviderWitness
  /// Its place among all, and that of another that a planted mistake makes beside it.
  private let places: [Int]
  private let isOver = Mutex(false)

  init(_ witness: ProviderWitness, places: [Int]) {
    self.witness = witness
    self.places = places
  }

  deinit { end(.abandoned) }

  func notePiece() {
    for place in places { witness.notePiece(of: place) }
  }

  /// The first end counts.
  func end(_ end: WireCall.End, usage: TokenUsage? = nil) {
    let isFirst = isOver.withLock { isOver in
      defer { isOver = true }
      return !isOver
    }
    guard isFirst else { return }
    for place in places { witness.noteEnd(of: place, end, usage) }
  }
}

/// What the code that calls a provider works on at present.
enum RunScope {
  /// The handler's run; `nil` outside of one.
  @TaskLocal static var current: (number: Int, task: TaskID)?
}
