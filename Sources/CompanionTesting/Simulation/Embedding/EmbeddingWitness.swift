import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// Sees everything that the store accepts and every call that reaches the service, and says what must not be.
///
/// It knows nothing of how texts are embedded: it keeps by itself what there is to embed, what has its vectors and what
/// has failed, and follows every text by its ``TextMark``.
final class EmbeddingWitness: SimulationWitness {
  /// Something that can be found, or could be once.
  struct Known {
    /// What is embedded of it; `nil` while there is nothing.
    var text: EmbeddingText?
    /// Rises whenever it has to be embedded anew.
    var generation = 0
    /// Whether it is there, to be embedded or not.
    var isThere = true
    /// Since when nothing of it is to be found.
    var goneAt: Timestamp?
  }

  struct Space {
    /// Rises with each space that is opened.
    var number: Int
    /// What has its vectors: since when, and whose they are.
    var embedded: [RecallSource: (since: Timestamp, life: Int)] = [:]
    var failures: [RecallSource: FailedEmbedding] = [:]
  }

  /// A text that a mark stands for.
  struct Text {
    /// How it fails, always; `nil` for what does not.
    var poison: EmbeddingFault?
    /// What it is of.
    var source: RecallSource?
    /// What of it the service was given.
    var pieces: Set<String> = []
    /// How often it was charged with a failure, in all spaces.
    var mostAttempts = 0
    /// How often the service has failed when it was given nothing else.
    var loneFailures = 0
  }

  /// A text that was embedded, as it was then, where it was.
  struct Answer: Hashable {
    var mark: TextMark
    var generation: Int
    var space: Int
  }

  /// What is known of one life of a process.
  struct Life {
    let process: Int
    let space: EmbeddingSpace
    let clock: SkewedClock
    let startedAt: Timestamp
    /// The service has asked it to wait: from when, and until when.
    var rest: Range<Timestamp>?
    var calls = 0
    var lastSuccess = 0
    /// The last call that failed with nothing but this text, and when.
    var loneFailures: [TextMark: (call: Int, time: Timestamp)] = [:]
    /// When calls with texts failed last, and their numbers.
    var failures: [TextMark: (call: Int, time: Timestamp)] = [:]
    /// What it has charged things with.
    var charged: [RecallSource: FailedEmbedding] = [:]
    /// What the service has embedded for it.
    var answers: Set<Answer> = []
    /// What it has stored, without knowing that it did.
    var unsure: Set<RecallSource> = []
  }

  struct State {
    var texts: [Text] = []
    var known: [RecallSource: Known] = [:]
    var spaces: [EmbeddingSpace: Space] = [:]
    /// The open spaces, in the order in which they were opened.
    var open: [EmbeddingSpace] = []
    var spaceCount = 0
    var lives: [Life] = []
    var calls = 0
    var commits = 0
  }

  let scenario: EmbeddingScenario
  let time: any TimeSource
  let notes: SimulationNotes
  let state = Mutex(State())

  init(_ scenario: EmbeddingScenario, time: any TimeSource, onStory: (@Sendable (String) -> Void)?) {
    self.scenario = scenario
    self.time = time
    notes = SimulationNotes(time: time, mostOfEach: 5, onStory: onStory)
  }

  /// How many calls have reached the service.
  var calls: Int { state.withLock { $0.calls } }

  /// What is asked to learn whether the service is well, and how many numbers its vectors have.
  static let probe = ["dimension"]

  // MARK: Texts

  /// A mark for a text that is about to be written.
  func newMark(poison: EmbeddingFault?) -> TextMark {
    state.withLock { state in
      state.texts.append(Text(poison: poison))
      return TextMark(number: state.texts.count - 1)
    }
  }

  /// How a text fails that has some marks, always; `nil` for what does not.
  func poison(of texts: [String]) -> (place: Int, fault: EmbeddingFault)? {
    state.withLock { state in
      for (place, text) in texts.enumerated() {
        for mark in TextMark.all(in: text) {
          if let fault = state.texts[mark.number].poison { return (place, fault) }
        }
      }
      return nil
    }
  }

  /// Whether these texts are all of one thing, of which one more failure would be the end although nothing is wrong
  /// with it.
  func isLastTry(of texts: [String]) -> Bool {
    state.withLock { state in
      guard let mark = lone(texts) else { return false }
      return state.texts[mark.number].mostAttempts >= scenario.embedding.retry.maximumRetries
    }
  }

  /// Whether somebody embeds them to be found, or to learn how the service is, and not to find anything.
  func isOfRunner(_ texts: [String]) -> Bool {
    texts == Self.probe || texts.contains { !TextMark.all(in: $0).isEmpty }
  }

  /// The mark of all texts, where they have the same.
  func lone(_ texts: [String]) -> TextMark? {
    let marks = Set(texts.map { TextMark.all(in: $0).first })
    return marks.count == 1 ? marks.first ?? nil : nil
  }

  /// What of some kind is there now, by its name.
  func sources(of kind: RecallSource.Kind) -> [RecallSource] {
    state.withLock { state in state.known.filter { $0.value.isThere && $0.key.kind == kind }.keys.sorted() }
  }

  /// What a text is of, as long as it is there.
  func source(of text: String) -> RecallSource? {
    state.withLock { state in
      TextMark.all(in: text).first.flatMap { state.texts[$0.number].source }
        .flatMap { state.known[$0]?.text == nil ? nil : $0 }
    }
  }

  /// The open spaces.
  var openSpaces: [EmbeddingSpace] { state.withLock(\.open) }

  // MARK: Lives

  /// - Returns: its place among all lives.
  func beginLife(of process: Int, _ version: EmbeddingScenario.Version, clock: SkewedClock) -> Int {
    state.withLock { state in
      state.lives.append(Life(process: process, space: version.space, clock: clock, startedAt: time.now))
      return state.lives.count - 1
    }
  }

  // MARK: Recalls

  /// Checks what a recall has found that began at a time.
  func check(_ found: [Recollection], in scopes: Set<MemoryScope>, since begin: Timestamp) {
    state.withLock { state in
      for item in found {
        guard let known = state.known[item.source], known.goneAt.map({ $0 >= begin }) ?? true else {
          report(.goneIsNotEmbedded, "\(item.source) is recalled, and is gone")
          continue
        }
        guard !scopes.contains(item.scope) else { continue }
        report(.memoriesDoNotLeak, "\(item.source) of \(item.scope) is recalled elsewhere")
      }
    }
  }
}
