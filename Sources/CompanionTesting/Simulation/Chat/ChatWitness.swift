import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// Sees everything that reaches the store, the models, the tools and the people of a run of the `chat` profile, and says
/// what must not be.
final class ChatWitness: SimulationWitness {
  /// What a request is about: a person's words, and the mark in them.
  struct Subject: Sendable {
    var mark: TextMark
    var words: String
  }

  /// A text of a run.
  struct Text: Sendable {
    var session: SessionID?
    var forgottenAt: Timestamp?
    /// Whether a fork has it, too.
    var wasCopied = false
  }

  /// A message that a companion has taken.
  struct Sent: Sendable {
    var mark: TextMark
    var session: SessionID
    var turn: TurnID
    /// Whether somebody was told what has become of it.
    var wasTold = false
  }

  /// An answer on its way to whoever takes it.
  struct Delivery: Sendable {
    var turn: TurnID
    var session: SessionID
    var life: ProcessLife
    /// What has been taken.
    var taken = ""
    /// Since when the next piece is waited for; `nil` while none is.
    var demandedAt: Timestamp?
    /// How many bytes were acknowledged when.
    var acknowledged: [(time: Timestamp, bytes: Int)] = []
    /// Since when it shall be over.
    var stoppedAt: Timestamp?
    /// Whether whoever takes it has let go of it.
    var isAbandoned = false
    var isOver = false
    var outcome: TurnOutcome?
    /// When the conversation was closed the first time since it began.
    var closedAt: Timestamp?
  }

  struct State {
    var texts: [Text] = []
    var sent: [Sent] = []
    var deliveries: [Delivery] = []
    /// How often the conversations were opened in each life.
    var openings: [String: Int] = [:]
    /// How often each provider was asked what a message means.
    var understandings: [String: Int] = [:]
    /// The marks of the messages, by their turns.
    var marks: [TurnID: TextMark] = [:]
    /// Where and when a model has said what a message asks for.
    var understood: [TextMark: (life: ProcessLife, time: Timestamp)] = [:]
    /// Since when this is stored.
    var kept: [TextMark: Timestamp] = [:]
    var executions: [TextMark: Int] = [:]
    var approvals: [ApprovalID: Approval] = [:]
    /// The approval of a call, by its mark.
    var asked: [TextMark: ApprovalID] = [:]
    var answered: Set<ApprovalID> = []
    /// The answers that were taken, each with a mark of its own.
    var answers: [TaskQuestion: TextMark] = [:]
    var closed: Set<SessionID> = []
    /// When a process was killed whose store was well.
    var killedAt: [ObjectIdentifier: Timestamp] = [:]
    var interruptions = 0
    var classifier: IntentClassifier?
  }

  let scenario: ChatScenario
  let time: any TimeSource
  let notes: SimulationNotes
  let state = Mutex(State())
  /// The calls for which somebody is asked, as they are stored.
  let requests: AsyncStream<Approval>
  let request: AsyncStream<Approval>.Continuation
  /// What tasks ask, as it is stored.
  let questions: AsyncStream<TaskQuestion>
  let question: AsyncStream<TaskQuestion>.Continuation

  init(_ scenario: ChatScenario, time: any TimeSource, onStory: (@Sendable (String) -> Void)?) {
    self.scenario = scenario
    self.time = time
    notes = SimulationNotes(time: time, most: 40, mostOfEach: 8, onStory: onStory)
    (requests, request) = AsyncStream.makeStream()
    (questions, question) = AsyncStream.makeStream()
  }

  /// The conversations in which something was said, forks included.
  var sessions: [SessionID] { state.withLock { Set($0.sent.map(\.session)).sorted() } }

  /// How many answers were interrupted.
  var interruptions: Int { state.withLock { $0.interruptions } }

  func finish() {
    request.finish()
    question.finish()
  }

  func noteClassifier(_ classifier: IntentClassifier?) { state.withLock { $0.classifier = classifier } }

  // MARK: Texts

  /// A mark for a new text.
  func newMark(in session: SessionID?) -> TextMark {
    state.withLock { state in
      state.texts.append(Text(session: session))
      return TextMark(number: state.texts.count - 1)
    }
  }

  func session(of mark: TextMark) -> SessionID? {
    state.withLock { $0.texts.indices.contains(mark.number) ? $0.texts[mark.number].session : nil }
  }

  /// Notes that these words were forgotten, and are in no prompt and no state from now on.
  func noteForgotten(_ marks: [TextMark]) {
    let now = time.now
    state.withLock { state in
      for mark in marks where !state.texts[mark.number].wasCopied {
        state.texts[mark.number].forgottenAt = state.texts[mark.number].forgottenAt ?? now
      }
    }
  }

  func noteCopied(_ marks: [TextMark]) {
    state.withLock { state in
      for mark in marks where state.texts.indices.contains(mark.number) {
        state.texts[mark.number].wasCopied = true
      }
    }
  }

  // MARK: Lives

  func noteOpening(of session: SessionID, in life: ProcessLife) {
    state.withLock { $0.openings["\(life) \(session)", default: 0] += 1 }
  }

  /// A process was killed. Where nothing was wrong with its store, what is lost is bounded.
  func noteDeath(of life: ProcessLife) {
    let now = time.now
    guard life.isUndisturbed else { return }
    state.withLock { $0.killedAt[ObjectIdentifier(life)] = now }
  }

  // MARK: Answers

  /// Somebody says something more in a conversation: the answers before it are to stop.
  func noteSuperseding(in session: SessionID, of life: ProcessLife) {
    let now = time.now
    state.withLock { state in
      for place in state.deliveries.indices
      where state.deliveries[place].session == session && state.deliveries[place].life === life {
        stop(place, at: now, in: &state)
      }
    }
  }

  func noteTaken(_ mark: TextMark, _ turn: TurnID, in session: SessionID) {
    state.withLock { $0.sent.append(Sent(mark: mark, session: session, turn: turn)) }
    notes.combine("\(mark.word) \(session)")
  }

  /// - Returns: the place of the delivery.
  func noteDelivery(of turn: TurnID, in session: SessionID, by life: ProcessLife) -> Int {
    state.withLock { state in
      state.deliveries.append(Delivery(turn: turn, session: session, life: life))
      return state.deliveries.count - 1
    }
  }

  func noteDemand(_ place: Int) {
    let now = time.now
    state.withLock { state in
      state.deliveries[place].demandedAt = now
      let bytes = state.deliveries[place].taken.utf8.count
      state.deliveries[place].acknowledged.append((now, bytes))
    }
  }

  func notePiece(_ place: Int, _ piece: String) {
    let now = time.now
    let late = state.withLock { state -> Duration? in
      state.deliveries[place].taken += piece
      state.deliveries[place].demandedAt = nil
      return state.deliveries[place].stoppedAt.map { $0.duration(to: now) }
    }
    if let late, late > Self.stopLimit {
      report(.interruptionStops, "a piece comes \(late) after the answer was interrupted")
    }
  }

  func noteStop(_ place: Int) {
    let now = time.now
    state.withLock { stop(place, at: now, in: &$0) }
  }

  func noteAbandoned(_ place: Int) {
    let now = time.now
    state.withLock { state in
      stop(place, at: now, in: &state)
      state.deliveries[place].isAbandoned = true
      state.deliveries[place].isOver = true
    }
  }

  func noteEnd(_ place: Int, _ outcome: TurnOutcome?) {
    let now = time.now
    let (delivery, late) = state.withLock { state -> (Delivery, Duration?) in
      state.deliveries[place].isOver = true
      state.deliveries[place].outcome = outcome
      let delivery = state.deliveries[place]
      if outcome != nil {
        for sent in state.sent.indices where state.sent[sent].turn == delivery.turn {
          state.sent[sent].wasTold = true
        }
      }
      let since = [delivery.stoppedAt, delivery.demandedAt].compactMap(\.self).max()
      return (delivery, delivery.stoppedAt == nil ? nil : since.map { $0.duration(to: now) })
    }
    tell("turn \(delivery.turn): \(delivery.taken.utf8.count) bytes, \(outcome.map { "\($0)" } ?? "no end")")
    if let late, late > Self.stopLimit, delivery.life.isUndisturbed {
      report(.interruptionStops, "the stream of turn \(delivery.turn) ends \(late) after it was interrupted")
    }
  }

  /// How long output may go on after an interruption.
  private static let stopLimit = Duration.milliseconds(100)

  private func stop(_ place: Int, at now: Timestamp, in state: inout State) {
    guard !state.deliveries[place].isOver, state.deliveries[place].stoppedAt == nil else { return }
    state.deliveries[place].stoppedAt = now
    state.interruptions += 1
  }
}
