/// What can be found, and by which words. Every store finds what it holds by these.
///
/// What says nothing but white space is not found, as it is not embedded: see ``EmbeddingText``.
extension TextDocument where ID == RecallSource {
  /// The version of the rules: it is another when what is found changes, or the terms of any text. A store that keeps
  /// terms analyses its texts again when theirs is another.
  public static var version: Int { TextAnalysis.version * 1_000 + 1 }

  /// Where things of a kind are found, in a scope. What is in one is never found in another.
  public static func partition(_ kind: RecallSource.Kind, in scope: MemoryScope) -> String {
    "\(kind.rawValue) \(scope)"
  }

  /// What a record is found by; `nil` where it is not.
  public init?(_ record: RecallRecord) {
    switch record {
    case .message(let message, let session): self.init(message, in: session)
    case .memory(let memory): self.init(memory)
    case .fact(let fact): self.init(fact)
    case .document(let document): self.init(document)
    }
  }

  /// A message; `nil` for what is no part of the talk: calls of tools and their results, announcements, what was
  /// deleted.
  public init?(_ message: ChatMessage, in session: ChatSession) {
    let text = message.text
    guard message.isPartOfTalk, !text.isBlank else { return nil }
    let speaker = session.speaker(of: message)?.rawValue
    self.init(
      id: .message(session.id, message.sequence), text: text,
      context: [speaker, Self.dates(of: message.time)].compactMap(\.self),
      scope: Self.partition(.message, in: session.searchScope), session: session.id.rawValue,
      position: Int(clamping: message.sequence.rawValue))
  }

  /// A memory; `nil` for one that has expired.
  public init?(_ memory: MemoryRecord) {
    guard !memory.text.isBlank else { return nil }
    self.init(
      id: .memory(memory.key), text: memory.text, scope: Self.partition(.memory, in: memory.key.scope))
  }

  /// A fact; `nil` for one that another has superseded.
  public init?(_ fact: Fact) {
    guard fact.supersededBy == nil, !fact.statement.isBlank else { return nil }
    let dates = [fact.validFrom, fact.validTo].compactMap(\.self).map(Self.dates)
    self.init(
      id: .fact(fact.id), text: fact.statement, context: [fact.subject] + dates,
      scope: Self.partition(.fact, in: fact.scope))
  }

  /// A document of the host's; `nil` for one that is archived, or says nothing.
  public init?(_ document: Document) {
    guard document.status == .normal, !(document.title.isBlank && document.text.isBlank) else { return nil }
    self.init(
      id: .document(document.id), text: document.text, context: [document.title].filter { !$0.isEmpty },
      scope: Self.partition(.document, in: document.scope))
  }

  /// The day in UTC, as people write it: as numbers, in English, and in Japanese or Chinese.
  private static func dates(of time: Timestamp) -> String {
    let (days, rest) = time.nanosecondsSinceEpoch.quotientAndRemainder(dividingBy: 86_400_000_000_000)
    // Before 1970 a day that has begun counts.
    let date = CivilDate(daysSinceEpoch: Int(clamping: rest < 0 ? days - 1 : days))
    let month = englishMonths[date.month - 1]
    return
      "\(date.year)-\(date.month)-\(date.day) \(date.day) \(month) \(date.year)年\(date.month)月\(date.day)日"
  }

  private static var englishMonths: [String] {
    [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December",
    ]
  }
}
