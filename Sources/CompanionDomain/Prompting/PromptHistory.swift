/// The conversation as a prompt has it: messages that belong together, and from where on they are sent.
struct PromptHistory {
  /// A message, or a call of tools with its results: there together, or not at all.
  struct Unit {
    var message: ChatMessage
    var messages: [PromptMessage]
    /// What it takes as it is sent.
    var tokens: Int
    /// What it would take if nothing of it were left out.
    var fullTokens: Int
  }

  let units: [Unit]
  /// The most tokens that it has in a prompt.
  let room: Int
  /// The first unit that is sent.
  let start: Int
  /// The messages that are offered, by their places in the log.
  private let sequences: [SequenceNumber]

  /// - Parameters:
  ///   - messages: oldest first.
  ///   - room: the most tokens that may be sent; less than 0 counts as 0.
  ///   - note: says that so many bytes of a text are left out.
  init(
    _ messages: [ChatMessage], room: Int, _ measure: PromptMeasure, note: @escaping (Int) -> String
  ) {
    let shown = messages.compactMap { message in
      ChatPrompt.promptMessage(message).map { (message: message, prompt: $0) }
    }
    let tools = Dictionary(
      shown.flatMap { $0.message.toolCalls }.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first }
    )
    var grouped: [(place: Int, messages: [PromptMessage])] = []
    for (place, message) in ToolPairing.repairedWithPlaces(shown.map(\.prompt)) {
      if grouped.last?.place == place {
        grouped[grouped.count - 1].messages.append(message)
      } else {
        grouped.append((place, [message]))
      }
    }
    let room = max(room, 0)
    let writer = HistoryWriter(longest: room / 4, tools: tools, measure: measure, note: note)
    self.init(
      units: grouped.map { writer.unit(of: shown[$0.place].message, $0.messages) },
      sequences: shown.map(\.message.sequence), room: room)
  }

  private init(units: [Unit], sequences: [SequenceNumber], room: Int) {
    self.units = units
    self.sequences = sequences
    self.room = room
    start = Self.start(units, within: room)
  }

  /// What of it stands behind a message.
  func after(_ message: SequenceNumber) -> PromptHistory {
    PromptHistory(
      units: units.filter { $0.message.sequence > message }, sequences: sequences.filter { $0 > message },
      room: room)
  }

  /// Whether all of it is sent, and no more messages than a policy allows.
  func fits(_ policy: HistoryPolicy) -> Bool { start == 0 && sequences.count <= policy.mostSent }

  /// From which unit on the history is sent.
  ///
  /// From the first, until that no longer fits; then at least two thirds of the room are freed at once, and it grows
  /// again. So it moves seldom: what has been said before is gone through anew each time, which depends on nothing but
  /// the messages and the room. The newest unit is sent wherever it fits.
  ///
  /// Complexity: linear in the units.
  private static func start(_ units: [Unit], within room: Int) -> Int {
    let tokens = units.map { min($0.tokens, room.saturatingSum(1)) }
    var (start, kept) = (0, 0)
    for place in units.indices {
      kept = kept.saturatingSum(tokens[place])
      guard kept > room else { continue }
      while kept > room / 3, start < place || kept > room, start <= place {
        kept -= tokens[start]
        start += 1
      }
      // A prompt that begins with a question reads better, and some providers demand it.
      while start < place, units[start].message.role != .user {
        kept -= tokens[start]
        start += 1
      }
    }
    return start
  }

  /// The messages from a unit on, neighbours of one speaker as one.
  func messages(from start: Int) -> [PromptMessage] {
    ChatPrompt.merged(units[start...].flatMap(\.messages))
  }

  /// The messages before a unit, oldest first.
  func uncovered(before unit: Int) -> [SequenceNumber] {
    unit < units.count ? sequences.filter { $0 < units[unit].message.sequence } : sequences
  }

  /// Through which message a new summary is to be made now; `nil` while there is time.
  ///
  /// It is when five sixths of what fits are there, by tokens or by messages, and then covers what are two thirds when all
  /// is full; or when messages are left out, and then leaves a third. What it leaves begins with a question.
  ///
  /// Complexity: linear in the units.
  func summaryDue(_ policy: HistoryPolicy) -> SequenceNumber? {
    let tokens = units[start...].reduce(0) { $0.saturatingSum($1.tokens) }
    let isCut = start > 0
    let isFull = tokens > room - room / 6
    guard isCut || isFull || sequences.count > policy.mostSent / 6 * 5 else { return nil }
    var first = start
    var (rest, covered, messages) = (tokens, 0, 0)
    while first < units.count {
      let isEnough =
        isCut
        ? rest <= room / 3
        : isFull && covered >= room / 3 * 2 || messages >= policy.mostSent - policy.sent
      if isEnough, units[first].message.role == .user { break }
      let unit = units[first]
      rest -= min(unit.tokens, rest)
      covered = covered.saturatingSum(unit.tokens)
      messages += unit.messages.count
      first += 1
    }
    return uncovered(before: first).last
  }

  /// The units that are written shorter than they are, by their places, with their tokens in full.
  var shortened: [Int: Int] {
    Dictionary(
      uniqueKeysWithValues: units.enumerated().filter { $1.tokens < $1.fullTokens }
        .map { ($0, $1.fullTokens) })
  }

  /// For each unit an item of its own.
  var items: [PromptSection.Item] { units.map { PromptSection.Item(tokens: $0.tokens) } }
}

/// Writes the units of a history.
private struct HistoryWriter {
  /// The tokens that a unit should have at most.
  let longest: Int
  /// The names of the tools that were called, by their calls.
  let tools: [String: String]
  let measure: PromptMeasure
  let note: (Int) -> String

  /// A message with what belongs to it; where it is too long, the middle of its long parts is left out.
  func unit(of message: ChatMessage, _ messages: [PromptMessage]) -> PromptHistory.Unit {
    let full = messages.map { mapped($0) { $0 } }
    let fullTokens = tokens(of: full)
    let unit = PromptHistory.Unit(
      message: message, messages: full, tokens: fullTokens, fullTokens: fullTokens)
    let parts = messages.reduce(0) { $0 + $1.parts.count }
    guard fullTokens > longest, parts > 0 else { return unit }
    let shorter = messages.map { message in
      mapped(message) { text in
        TextCut.withoutMiddle(text, toTokens: longest / parts, note: note) { measure.tokens(of: $0) }
      }
    }
    let tokens = tokens(of: shorter)
    guard tokens < fullTokens else { return unit }
    return PromptHistory.Unit(message: message, messages: shorter, tokens: tokens, fullTokens: fullTokens)
  }

  /// What joins a message to a neighbour of the same speaker costs less than a message of its own, and a mark at most.
  private func tokens(of messages: [PromptMessage]) -> Int {
    messages.reduce(0) { sum, message in
      sum.saturatingSum(measure.tokens(of: message)).saturatingSum(measure.overhead > 0 ? 1 : 2)
    }
  }

  /// The message with its texts shortened. Results of tools are material: between marks, with the tool that they are
  /// from. Arguments that are shortened stay JSON.
  private func mapped(_ message: PromptMessage, _ shorten: (String) -> String) -> PromptMessage {
    var mapped = message
    mapped.parts = message.parts.map { part in
      switch part {
      case .text(let text): return .text(shorten(text))
      case .toolCall(var call):
        let shorter = shorten(call.arguments)
        if shorter != call.arguments {
          call.arguments = JSONValue.object(["shortened": .string(shorter)]).plainText
        }
        return .toolCall(call)
      case .toolResult(var result):
        result.content = PromptFence.fenced(
          shorten(result.content), kind: "result", source: tools[result.callID] ?? "")
        return .toolResult(result)
      }
    }
    return mapped
  }
}
