import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension ChatWitness {
  /// Takes a request as it reaches a model.
  ///
  /// - Returns: what it is about; `nil` where that is not known.
  func note(_ request: GenerationRequest, at provider: Int, in life: ProcessLife) -> Subject? {
    let text = request.messages.map(\.text).joined(separator: "\n")
    let subject = subject(of: request)
    notes.combine(request.purpose.rawValue)
    notes.combine(text)
    tell("\(life): \(request.purpose.rawValue) at \(provider), about \(subject?.mark.word ?? "nothing")")
    checkPairs(in: request)
    checkBudget(of: request)
    checkAge(of: TextMark.all(in: request.allText), request.purpose)
    switch request.purpose {
    case .answer, .task: checkSubject(subject, in: request)
    case .intent:
      checkSubject(subject, in: request)
      if let subject { checkUnderstanding(of: subject, at: provider, in: life) }
    default: break
    }
    return subject
  }

  /// What the person says stands last in the last message of theirs.
  private func subject(of request: GenerationRequest) -> Subject? {
    guard request.purpose != .summary else { return nil }
    for message in request.messages.reversed() where message.role == .user {
      guard case .text(let text)? = message.parts.last else { continue }
      // Where somebody has said two things in a row, they stand together.
      let words = text.behindLast("\n\n")
      if let mark = TextMark.all(in: words).last { return Subject(mark: mark, words: words) }
    }
    return nil
  }

  /// Every call has one result, and every result a call, right behind it.
  private func checkPairs(in request: GenerationRequest) {
    var open: [String] = []
    for message in request.messages {
      let calls = message.parts.compactMap { if case .toolCall(let call) = $0 { call.id } else { nil } }
      let results = message.parts.compactMap {
        if case .toolResult(let result) = $0 { result.callID } else { nil }
      }
      for id in results {
        guard let place = open.firstIndex(of: id) else {
          report(.callsHaveOneResult, "a prompt has a result of \(id), which is no open call")
          continue
        }
        open.remove(at: place)
      }
      guard results.isEmpty else { continue }
      if !open.isEmpty { report(.callsHaveOneResult, "a prompt goes on without results of \(open)") }
      if Set(calls).count < calls.count { report(.callsHaveOneResult, "two calls have one name: \(calls)") }
      open = calls
    }
    if !open.isEmpty { report(.callsHaveOneResult, "a prompt ends without results of \(open)") }
  }

  private func checkBudget(of request: GenerationRequest) {
    let estimator = TokenEstimator()
    let tokens: Int
    let margin: Double
    if scenario.countsExactly {
      tokens = PromptTokens(of: request) { ByteCounter().tokens(in: $0) }.count
      margin = 0
    } else {
      let perMessage = Int(estimator.tokensPerMessage.rounded(.up))
      tokens = PromptTokens(of: request, perMessage: perMessage) { estimator.tokens(in: $0) }.count
      margin = estimator.margin
    }
    let prompts = scenario.prompts
    let room = prompts.limit - prompts.reservedOutput
    if Double(tokens) * (1 + margin) > Double(room) + 1e-6 {
      report(
        .promptsFit,
        "a request for \(request.purpose.rawValue) has \(tokens) tokens, with a margin of \(margin), and \(room) are free"
      )
    }
  }

  private func checkAge(of marks: [TextMark], _ purpose: CallPurpose) {
    let now = time.now
    let forgotten = state.withLock { state in
      marks.compactMap { mark in
        state.texts.indices.contains(mark.number)
          ? state.texts[mark.number].forgottenAt.map { (mark, $0) } : nil
      }
    }
    for (mark, moment) in forgotten where moment.duration(to: now) > Self.onTheWay {
      report(
        .forgottenStaysForgotten,
        "\(mark.word) was forgotten \(moment.duration(to: now)) ago, and is in a request for \(purpose.rawValue)"
      )
    }
  }

  /// What was on its way when something was forgotten may still come.
  private static let onTheWay = Duration.seconds(30)

  /// The person's words are there, once.
  private func checkSubject(_ subject: Subject?, in request: GenerationRequest) {
    guard let subject else {
      report(.promptsFit, "a request for \(request.purpose.rawValue) has no person's words last")
      return
    }
    let sentence = ChatWords.sentence(of: subject.mark, in: subject.words)
    let count = request.messages.reduce(0) { $0 + $1.text.count(of: sentence) }
    // What a fork has, too, may be found there.
    let wasCopied = state.withLock { $0.texts[subject.mark.number].wasCopied }
    if wasCopied ? count < 1 : count != 1 {
      report(.promptsFit, "“\(sentence)” is \(count) times in a request for \(request.purpose.rawValue)")
    }
  }
}

extension ChatWords {
  /// The sentence of a text that a mark is in.
  static func sentence(of mark: TextMark, in words: String) -> String {
    words.split(whereSeparator: { $0 == "." || $0 == "\n" })
      .last { TextMark.all(in: String($0)).contains(mark) }.map(String.init) ?? mark.word
  }
}

extension GenerationRequest {
  /// Everything that is written in it.
  var allText: String {
    messages.flatMap(\.parts).map { part in
      switch part {
      case .text(let text): text
      case .toolCall(let call): call.arguments
      case .toolResult(let result): result.content
      @unknown default: ""
      }
    }.joined(separator: "\n")
  }
}

extension String {
  /// How often a text is in this one.
  func count(of text: String) -> Int {
    var (count, rest) = (0, self[...])
    while let found = rest.firstRange(of: text) {
      count += 1
      rest = rest[found.upperBound...]
    }
    return count
  }

  fileprivate func behindLast(_ separator: String) -> String {
    var rest = self[...]
    while let found = rest.firstRange(of: separator) { rest = rest[found.upperBound...] }
    return String(rest)
  }
}
