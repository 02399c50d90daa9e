import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// Sees everything that the store accepts and every request that reaches the model, and says what must not be.
///
/// It knows nothing of how memory is formed: it keeps the logs, the memories and how far each log has been read by
/// itself, and follows every message by its ``TextMark``.
final class MemoryWitness: SimulationWitness {
  /// What a mark stands for.
  struct Text {
    enum Origin: Hashable {
      case person(UserID)
      /// The companion; whether it was reminded of memories.
      case companion(isReminded: Bool)
      /// What is no part of a talk: tools, announcements, the persona.
      case machinery
      /// A person who states a fact.
      case statement(UserID)
    }

    var origin: Origin
    /// Where it was said; `nil` for what is said nowhere.
    var talk: Int?
    /// Since when it is in the store.
    var storedAt: Timestamp?
    /// Since when the message does not say so any more.
    var staleSince: Timestamp?
    /// Since when it is acknowledged to be forgotten.
    var forgottenAt: Timestamp?
    /// Whether no model has taken it, all by itself.
    var wasRefused = false
  }

  /// A message of a log.
  struct Said {
    var message: ChatMessage
    /// What it has said, and says.
    var marks: Set<TextMark>
  }

  struct Log {
    var messages: [SequenceNumber: Said] = [:]
    /// The message of each event, and whether the event is that it came.
    var events: [(sequence: SequenceNumber, isNew: Bool)] = []
    var progress: [MemoryPass: LogRevision] = [:]
  }

  /// A memory, and how many messages of each conversation are its sources.
  struct Known {
    var record: MemoryRecord
    var previous: MemoryRecord?
    var spans: [SessionID: SourceSpan] = [:]
  }

  /// A run of a generator.
  struct Run {
    var begin: Timestamp
    var requests = 0
  }

  struct State {
    var texts: [Text] = []
    var logs: [SessionID: Log] = [:]
    var memories: [MemoryKey: Known] = [:]
    var facts: [FactID: Fact] = [:]
    var runs: [Int: Run] = [:]
    /// When the last run began of each process that has done everything.
    var lastComplete: [Int: Timestamp] = [:]
    var lives = 0
    var requests = 0
    /// How often a message went into requests for the same.
    var readings: [String: Int] = [:]
    var calmSince: Timestamp?
  }

  let scenario: MemoryScenario
  let time: any TimeSource
  let notes: SimulationNotes
  let state = Mutex(State())

  /// What is said in every prompt, and by nobody.
  static let persona = TextMark(number: 0)

  init(_ scenario: MemoryScenario, time: any TimeSource, onStory: (@Sendable (String) -> Void)?) {
    self.scenario = scenario
    self.time = time
    notes = SimulationNotes(time: time, mostOfEach: 5, onStory: onStory)
    state.withLock { $0.texts = [Text(origin: .machinery)] }
  }

  /// From when nothing goes wrong any more; `nil` before.
  var calmSince: Timestamp? { state.withLock { $0.calmSince } }

  func noteCalm() {
    tell("all is calm")
    state.withLock { $0.calmSince = time.now }
  }

  // MARK: What is said

  /// A mark for something that is about to be said.
  func newMark(_ origin: Text.Origin, in talk: Int) -> TextMark {
    state.withLock { state in
      state.texts.append(Text(origin: origin, talk: talk))
      return TextMark(number: state.texts.count - 1)
    }
  }

  /// The places of the messages of a talk that a person has said and that stand.
  func places(in talk: Int) -> [SequenceNumber] {
    state.withLock { state in
      (state.logs[scenario.talks[talk].session.id]?.messages ?? [:]).values
        .filter { $0.message.origin == .person && !$0.message.isDeleted }
        .map(\.message.sequence).sorted()
    }
  }

  /// A message of a talk as it is now.
  func message(_ sequence: SequenceNumber, in talk: Int) -> ChatMessage? {
    state.withLock { $0.logs[scenario.talks[talk].session.id]?.messages[sequence]?.message }
  }

  // MARK: Who may know what

  /// Whether what is said somewhere may be known in a scope.
  func mayKnow(_ text: Text, in scope: MemoryScope) -> Bool {
    guard let talk = text.talk else { return false }
    let session = scenario.talks[talk].session
    if case .statement = text.origin { return scope == session.searchScope }
    switch scope {
    case .channel: return session.channelScope == scope
    case .thread: return session.threadScope == scope
    case .workspace(let workspace):
      return session.place.workspace == workspace && !session.isPersonal
        && scenario.sharing.includes(session.place.channel)
    case .user(let user, let workspace):
      guard session.place.workspace == workspace else { return false }
      if session.isPersonal, session.user == user { return true }
      return text.origin == .person(user)
        && (session.isPersonal || scenario.sharing.includes(session.place.channel))
    }
  }

  /// Whether something may be told in the prompts of a talk.
  func mayBeTold(_ text: Text, in talk: Int) -> Bool {
    let session = scenario.talks[talk].session
    return text.talk == talk
      || (session.visibleScopes + [session.searchScope]).contains { mayKnow(text, in: $0) }
  }

  /// Reports what a text has that it must not have.
  func check(_ marks: [TextMark], in scope: MemoryScope, _ what: String, _ state: State) {
    for mark in marks where mark != .unsaid {
      guard state.texts.indices.contains(mark.number) else { continue }
      let text = state.texts[mark.number]
      if !mayKnow(text, in: scope), text.origin != .machinery {
        report(
          .memoriesDoNotLeak, "\(mark.word) of talk \(text.talk ?? -1) is in \(what) of \(scope)")
      }
      if text.origin == .companion(isReminded: true) || text.origin == .machinery {
        report(
          .memoryDoesNotFeedItself, "\(mark.word), \(text.origin), is in \(what) of \(scope)")
      }
    }
  }
}
