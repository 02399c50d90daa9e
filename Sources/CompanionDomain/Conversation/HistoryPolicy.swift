/// How much of a conversation is kept at hand, and how much of it a model is sent.
///
/// The log keeps everything; this is about the window on it.
public struct HistoryPolicy: Hashable, Sendable {
  /// The most messages kept in memory; the next one trims them to ``trimmed``.
  public let hot: Int
  /// How many messages stay in memory after a trim.
  public let trimmed: Int
  /// The fewest of the newest messages that a model is sent, when there are as many.
  ///
  /// The window starts at an anchor that moves in steps of this size, so between this many and twice as
  /// many are sent, and the prompt's prefix stays the same from one move to the next.
  public let sent: Int

  /// 100 messages in memory, trimmed to 80, of which 20 to 80 are sent: as many as fit.
  public static let standard = HistoryPolicy(uncheckedHot: 100, trimmed: 80, sent: 20)

  /// A policy; `nil` unless `1 <= sent`, `2 * sent <= trimmed` and `trimmed <= hot`, so that what is sent is
  /// always in memory.
  public init?(hot: Int, trimmed: Int, sent: Int) {
    guard sent >= 1, trimmed / 2 >= sent, hot >= trimmed else { return nil }
    self.init(uncheckedHot: hot, trimmed: trimmed, sent: sent)
  }

  private init(uncheckedHot hot: Int, trimmed: Int, sent: Int) {
    self.hot = hot
    self.trimmed = trimmed
    self.sent = sent
  }

  /// The most messages that a compiled prompt has behind its summary before it takes the next one: four times ``sent``,
  /// so that ``standard`` sends 20 to 80, and the prompt's beginning changes every 30 turns of two messages, or every 20
  /// of three.
  var mostSent: Int { min(sent.saturatingSum(sent).saturatingSum(sent).saturatingSum(sent), trimmed) }

  /// The place of the first message that a model is sent, in a log that ends at `last`.
  ///
  /// It depends on nothing but the log's length, so it is the same after a restart.
  public func anchor(last: SequenceNumber) -> SequenceNumber {
    let step = Int64(sent)
    let skipped = max(0, (last.rawValue - step) / step * step)
    return SequenceNumber(rawValue: skipped + 1)
  }
}
