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
  /// What is sent begins at a message that stays the same over many turns, and with it the prompt's prefix: between this
  /// many and four times as many are sent, as far as they fit.
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
}
