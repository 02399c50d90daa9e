package import CompanionDomain
import CompanionPorts
import Synchronization

/// When the companion looks whether it should say something by itself.
public struct ProactivityConfiguration: Hashable, Sendable {
  /// How often it looks. At least 1 s; less counts as that.
  public var interval: Duration = .seconds(60)
  /// How long nobody has spoken.
  public var silence: Duration = .seconds(300)
  /// By what part of it that is longer or shorter, by chance: 0 to 1.
  public var jitter = 0.3
  /// What was said longer ago is left alone.
  public var maximumAge: Duration = .seconds(12 * 3_600)
  /// The most calls of a model in one look.
  public var callBudget = 8
  /// The temperature of the calls.
  public var temperature = 0.3

  /// The defaults.
  public init() {}

  var bounded: ProactivityConfiguration {
    var bounded = self
    bounded.interval = max(interval, .seconds(1))
    bounded.jitter = jitter.isNaN ? 0 : min(max(jitter, 0), 1)
    return bounded
  }
}

/// Looks for conversations in which the companion should say something by itself, and suggests it as an event.
///
/// Those are looked at whose last message is not the companion's and has been left alone for a while. A judgement
/// counts until something is said, and not for ever.
package final class ProactiveCheck: Sendable {
  private struct Subject: Hashable {
    var session: SessionID
    var sequence: SequenceNumber
  }

  private struct Judged {
    /// When it may be looked at for the first time.
    var dueAt: Timestamp
    /// Until when it is not asked about again.
    var until: Timestamp?
  }

  private let environment: Environment
  private let configuration: ProactivityConfiguration
  private let judged = Mutex<[Subject: Judged]>([:])

  package init(environment: Environment, configuration: ProactivityConfiguration) {
    self.environment = environment
    self.configuration = configuration.bounded
  }

  private var now: Timestamp { environment.time.now }

  /// Looks at an interval until the task is cancelled.
  package func run() async {
    environment.events.emit(.serviceStarted("proactive check"))
    while !Task.isCancelled {
      await look()
      let next = now.advanced(by: configuration.interval)
      guard (try? await environment.time.sleep(until: next, tolerance: nil)) != nil else { break }
    }
    environment.events.emit(.serviceStopped("proactive check"))
  }

  /// Looks once.
  ///
  /// - Returns: the conversations in which it has suggested to speak.
  @discardableResult
  package func look() async -> [SessionID] {
    var suggested: [SessionID] = []
    var calls = 0
    do throws(StoreFailure) {
      let candidates = try await candidates()
      let subjects = Set(candidates.map { Subject(session: $0.id, sequence: $0.lastSequence) })
      judged.withLock { judged in judged = judged.filter { subjects.contains($0.key) } }
      for session in candidates where calls < configuration.callBudget && !Task.isCancelled {
        let messages = try await environment.store.messages(
          in: session.id, before: nil, limit: Self.historyLength)
        guard let last = messages.last, last.role == .user, last.sequence == session.lastSequence,
          last.change?.isDeletion != true, isDue(last, in: session)
        else { continue }
        calls += 1
        guard let judgement = await judge(messages, in: session) else { continue }
        keep(judgement, of: last, in: session)
        guard judgement.shouldRespond else { continue }
        suggested.append(session.id)
        environment.events.emit(
          .speakUpSuggested(judgement, after: last.sequence),
          in: EventContext(session: session.id, turn: last.turn))
      }
    } catch {
      environment.events.emit(.serviceFailed("proactive check", error))
    }
    return suggested
  }

  /// Sessions in which something was said lately, but not just now.
  private func candidates() async throws(StoreFailure) -> [ChatSession] {
    let oldest = now.advanced(by: .zero - configuration.maximumAge)
    var limit = 64
    while true {
      let sessions = try await environment.store.sessions(limit: limit)
      let recent = sessions.filter { $0.updatedAt > oldest && $0.lastSequence > .zero }
      // They come newest first: an older one behind them means that there are no more.
      if sessions.count < limit || recent.count < sessions.count || limit >= Self.maximumSessions {
        return recent
      }
      limit *= 4
    }
  }

  /// Whether nobody has spoken for long enough, and it was not asked lately.
  private func isDue(_ last: ChatMessage, in session: ChatSession) -> Bool {
    let subject = Subject(session: session.id, sequence: last.sequence)
    let chance = Double(environment.random.nextBits() >> 11) / Double(1 << 53)
    let factor = 1 + configuration.jitter * (2 * chance - 1)
    let entry = judged.withLock { judged in
      let entry = judged[subject] ?? Judged(dueAt: last.time.advanced(by: configuration.silence * factor))
      judged[subject] = entry
      return entry
    }
    return entry.dueAt <= now && (entry.until.map { $0 <= now } ?? true)
  }

  private func keep(_ judgement: SpeakUpJudgement, of last: ChatMessage, in session: ChatSession) {
    let until = now.advanced(by: judgement.lifetime)
    judged.withLock {
      $0[Subject(session: session.id, sequence: last.sequence)]?.until = until
    }
  }

  /// A model's judgement; what cannot be read, or that no model gives, means no for a while.
  ///
  /// - Returns: `nil` when the task was cancelled.
  private func judge(_ messages: [ChatMessage], in session: ChatSession) async -> SpeakUpJudgement? {
    let request = environment.mask(
      GenerationRequest(
        purpose: .judgement,
        messages: ChatPrompt.messages(persona: SpeakUpJudgement.instructions, window: messages),
        format: .json(schema: SpeakUpJudgement.schema, name: "judgement"),
        temperature: configuration.temperature, maximumOutputTokens: 300))
    do {
      let response = try await environment.calls.generate(
        request, context: EventContext(session: session.id),
        deadline: now.advanced(by: environment.configuration.memory.callDeadline))
      return SpeakUpJudgement(answer: response.text)
        ?? SpeakUpJudgement(shouldRespond: false, reason: "The judgement could not be read.", confidence: 0)
    } catch {
      if Task.isCancelled { return nil }
      return SpeakUpJudgement(shouldRespond: false, reason: error.description, confidence: 0)
    }
  }

  private static let historyLength = 8
  private static let maximumSessions = 4_096
}
