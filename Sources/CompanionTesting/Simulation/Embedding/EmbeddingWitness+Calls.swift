import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension EmbeddingWitness {
  /// A call that has reached the service.
  struct Call {
    let life: Int
    let number: Int
    let texts: [String]
    /// What of the texts is current.
    let answers: [Answer]
  }

  /// How a call ended.
  enum CallEnd {
    /// With what it should end with.
    case answered
    case failed(EmbeddingFault)
    /// Nobody waits for it any more.
    case abandoned
  }

  /// A call reaches the service.
  func begin(_ texts: [String], by life: Int) -> Call {
    state.withLock { state in
      state.calls += 1
      state.lives[life].calls += 1
      let call = Call(
        life: life, number: state.lives[life].calls, texts: texts,
        answers: texts.compactMap { answer(to: $0, for: life, in: state) })
      tell("life \(life): call \(call.number) with \(texts.map { $0.prefix(24) })")
      for text in texts { notes.combine(text) }
      if let rest = state.lives[life].rest, rest.contains(time.now), time.now > rest.lowerBound {
        report(
          .noEarlyRetry, "life \(life) calls \(time.now.duration(to: rest.upperBound)) too early")
      }
      for (text, answer) in zip(texts.filter { TextMark.all(in: $0).first != nil }, call.answers) {
        check(text, answer, of: life, in: &state)
      }
      return call
    }
  }

  /// What an embedded text would be; `nil` for a text that is of nothing, such as what is asked.
  private func answer(to text: String, for life: Int, in state: State) -> Answer? {
    guard let mark = TextMark.all(in: text).first, let source = state.texts[mark.number].source else {
      return nil
    }
    return Answer(
      mark: mark, generation: state.known[source]?.generation ?? 0,
      space: state.spaces[state.lives[life].space]?.number ?? 0)
  }

  /// What is embedded is not embedded again.
  private func check(_ text: String, _ answer: Answer, of life: Int, in state: inout State) {
    state.texts[answer.mark.number].pieces.insert(text)
    guard let source = state.texts[answer.mark.number].source else { return }
    let own = state.lives[life]
    guard !own.unsure.contains(source) else { return }
    if own.answers.contains(answer) {
      report(
        .embeddedOnce, "life \(life) has \(answer.mark.word), \(source), embedded once more")
    }
    guard let known = state.known[source], known.text.map({ $0.text.contains(answer.mark.word) }) ?? false,
      let space = state.spaces[own.space]
    else { return }
    if let embedded = space.embedded[source], embedded.life == life || embedded.since < own.startedAt {
      report(
        .embeddedOnce, "life \(life) embeds \(answer.mark.word), \(source), which has its vectors")
    }
    if let failed = space.failures[source], own.charged[source] == failed, let retryAt = failed.retryAt,
      retryAt > own.clock.now
    {
      report(.noEarlyRetry, "life \(life) tries \(source) before \(retryAt)")
    }
  }

  /// A call is over.
  func end(_ call: Call, _ end: CallEnd, retryAfter: Duration? = nil) {
    state.withLock { state in
      tell("life \(call.life): call \(call.number) is \(end)")
      switch end {
      case .answered:
        guard isOfRunner(call.texts) else { return }
        state.lives[call.life].lastSuccess = call.number
        noteAnswers(call, in: &state)
        return
      case .failed(let fault) where fault.isOfService: break
      case .failed, .abandoned:
        if let mark = lone(call.texts) {
          state.lives[call.life].loneFailures[mark] = (call.number, time.now)
          state.texts[mark.number].loneFailures += 1
        }
      }
      for mark in call.texts.compactMap({ TextMark.all(in: $0).first }) {
        state.lives[call.life].failures[mark] = (call.number, time.now)
      }
      if let retryAfter {
        let old = state.lives[call.life].rest?.upperBound ?? time.now
        state.lives[call.life].rest = time.now..<max(old, time.now.advanced(by: retryAfter))
      }
    }
  }

  private func noteAnswers(_ call: Call, in state: inout State) {
    for answer in call.answers {
      guard let source = state.texts[answer.mark.number].source,
        // Of what is embedded in several calls one may fail.
        let text = state.known[source]?.text?.text, call.texts.contains(text)
      else { continue }
      state.lives[call.life].answers.insert(answer)
    }
  }
}
