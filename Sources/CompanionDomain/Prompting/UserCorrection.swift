/// Something that a person has put right, word for word.
public struct UserCorrection: Hashable, Sendable, Codable {
  /// The message that says so.
  public var message: SequenceNumber
  /// Who said it; `nil` for the session's own user.
  public var speaker: UserID?
  /// The words, as they were written: never more than 400 characters.
  public let text: String

  /// A correction of these parts.
  ///
  /// - Parameter text: of what is longer than 400 characters, these.
  public init(message: SequenceNumber, speaker: UserID? = nil, text: String) {
    self.message = message
    self.speaker = speaker
    self.text = String(text.prefix(Self.longest))
  }

  static let longest = 400

  var excerpt: PromptExcerpt { PromptExcerpt(source: speaker?.rawValue ?? "person", text: text) }
}

/// The corrections of a conversation, oldest first: what a summary must not change.
struct UserCorrections {
  private(set) var all: [UserCorrection]

  /// Of more than this, the newest are kept.
  static let limit = 40

  init(_ corrections: [UserCorrection] = []) { all = Array(corrections.suffix(Self.limit)) }

  /// The same with those of further messages. What is said again stands where it was said last.
  func adding(_ messages: some Sequence<ChatMessage>) -> UserCorrections {
    var corrections = all
    for message in messages where message.role == .user && message.origin == .person && !message.isDeleted {
      for text in CorrectionRules.corrections(in: message.text) {
        corrections.removeAll { $0.text == text }
        corrections.append(
          UserCorrection(message: message.sequence, speaker: message.speaker, text: text))
        // Beyond twice the limit nothing old can come back.
        if corrections.count > 2 * Self.limit { corrections.removeFirst(Self.limit) }
      }
    }
    return UserCorrections(corrections)
  }
}
