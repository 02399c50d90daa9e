/// What was done for a message already, as a prompt has it behind the message: answers that call tools, with the results.
///
/// It grows with every step of a task. What does not fit goes from the beginning, many steps at once, so that the prompt's
/// beginning stays the same from step to step.
struct PromptWork {
  private let history: PromptHistory
  /// The first unit that is sent.
  let start: Int

  /// - Parameters:
  ///   - messages: oldest first.
  ///   - room: the most tokens that may be sent.
  init(_ messages: [ChatMessage], room: Int, _ measure: PromptMeasure, note: @escaping (Int) -> String) {
    history = PromptHistory(messages, room: room, measure, note: note)
    start = Self.start(history.units.map(\.tokens), within: max(room, 0))
  }

  /// From the first, until that no longer fits; then a half of the room is freed at once, and it grows again. The newest
  /// unit is sent wherever it fits.
  ///
  /// Complexity: linear in the units.
  private static func start(_ tokens: [Int], within room: Int) -> Int {
    var (start, kept) = (0, 0)
    for place in tokens.indices {
      kept = kept.saturatingSum(min(tokens[place], room.saturatingSum(1)))
      guard kept > room else { continue }
      while kept > room / 2, start < place || kept > room, start <= place {
        kept -= min(tokens[start], room.saturatingSum(1))
        start += 1
      }
    }
    return start
  }

  /// How many calls of tools were made before a unit.
  func calls(before unit: Int) -> Int {
    history.units[..<min(unit, history.units.count)].reduce(0) { $0 + $1.message.toolCalls.count }
  }

  /// The section of it; `nil` where nothing was done.
  var piece: PromptPiece? {
    guard !history.units.isEmpty else { return nil }
    var piece = PromptPiece(
      id: "work", priority: 95, body: .tokens(history.items, dropping: .first), minimum: .full)
    piece.offered = start..<history.units.count
    piece.share = history.room
    piece.shortened = history.shortened
    return piece
  }

  /// The messages from a unit on.
  func messages(from unit: Int) -> [PromptMessage] {
    history.units[min(unit, history.units.count)...].flatMap(\.messages)
  }

  /// How many units there are.
  var count: Int { history.units.count }
}
