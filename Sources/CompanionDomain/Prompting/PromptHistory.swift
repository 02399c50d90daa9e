/// The conversation as a prompt has it: messages that belong together, and from where on they are sent.
struct PromptHistory {
  /// A message, or a call of tools with its results: there together, or not at all.
  struct Unit {
    var message: ChatMessage
    var messages: [PromptMessage]
    var tokens: Int
  }

  let units: [Unit]

  /// - Parameter messages: oldest first.
  init(_ messages: [ChatMessage], _ measure: PromptMeasure) {
    let shown = messages.compactMap { message in
      ChatPrompt.promptMessage(message).map { (message: message, prompt: $0) }
    }
    let tools = Dictionary(
      shown.flatMap { $0.message.toolCalls }.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first }
    )
    var units: [Unit] = []
    var last: Int?
    for (place, message) in ToolPairing.repairedWithPlaces(shown.map(\.prompt)) {
      let message = Self.fenced(message, tools: tools)
      // What joins it to a neighbour of the same speaker costs less than a message of its own, and a mark at most.
      let tokens = measure.tokens(of: message).saturatingSum(measure.overhead > 0 ? 1 : 2)
      if last == place {
        units[units.count - 1].messages.append(message)
        units[units.count - 1].tokens = units[units.count - 1].tokens.saturatingSum(tokens)
      } else {
        units.append(Unit(message: shown[place].message, messages: [message], tokens: tokens))
        last = place
      }
    }
    self.units = units
  }

  /// Results of tools are material: between marks, with the tool that they are from.
  private static func fenced(_ message: PromptMessage, tools: [String: String]) -> PromptMessage {
    guard message.role == .tool else { return message }
    var fenced = message
    fenced.parts = message.parts.map { part in
      guard case .toolResult(var result) = part else { return part }
      result.content = PromptFence.fenced(
        result.content, kind: "result", source: tools[result.callID] ?? "")
      return .toolResult(result)
    }
    return fenced
  }

  /// From which unit on the history is sent.
  ///
  /// All of it where it fits. Otherwise a quarter to all of what fits, from a message whose place in the log
  /// is a multiple of the highest power of two there is among them: as the log grows, that stays the same for long, and
  /// then moves by many messages at once, so that the prompt's beginning stays the same meanwhile. It depends on nothing
  /// but the log and the room.
  ///
  /// Complexity: linear in the units.
  func start(within room: Int) -> Int {
    var kept = [Int](repeating: 0, count: units.count + 1)
    for index in units.indices.reversed() { kept[index] = kept[index + 1].saturatingSum(units[index].tokens) }
    guard kept[0] > room else { return 0 }
    let first = kept.firstIndex { $0 <= room } ?? units.count
    let candidates = units.indices.filter { $0 >= first && kept[$0] >= room / 4 }
    return candidates.max { one, other in
      let (left, right) = (round(one), round(other))
      return left < right || left == right && one > other
    } ?? first
  }

  /// How round the place of a unit in the log is.
  private func round(_ index: Int) -> Int { units[index].message.sequence.rawValue.trailingZeroBitCount }

  /// The messages from a unit on, neighbours of one speaker as one.
  func messages(from start: Int) -> [PromptMessage] {
    ChatPrompt.merged(units[start...].flatMap(\.messages))
  }

  /// For each unit an item of its own.
  var items: [PromptSection.Item] { units.map { PromptSection.Item(tokens: $0.tokens) } }
}
