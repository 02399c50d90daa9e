import CompanionDomain
import Testing

struct EmbeddingTextTests {
  private let session = ChatSession(id: SessionID(bits: 1), user: "anna", createdAt: .epoch)
  private let scope = MemoryScope.workspace(WorkspaceID(bits: 1))

  private func message(
    _ parts: [MessagePart], role: ChatMessage.Role = .user, origin: ChatMessage.Origin = .person,
    speaker: UserID? = nil, change: ChatMessage.Change? = nil
  ) -> RecallRecord {
    .message(
      ChatMessage(
        sequence: SequenceNumber(rawValue: 3), turn: TurnID(bits: 1), role: role, parts: parts, time: .epoch,
        origin: origin, speaker: speaker, change: change), in: session)
  }

  private func fact(_ statement: String, about subject: String, supersededBy: FactID? = nil) -> RecallRecord {
    .fact(
      Fact(
        id: FactID(bits: 1), scope: scope, subject: subject, statement: statement,
        validFrom: .epoch, source: .statement(by: "anna", in: nil), createdAt: .epoch,
        supersededBy: supersededBy))
  }

  private func memory(_ text: String) -> RecallRecord {
    .memory(
      MemoryRecord(
        key: MemoryKey(scope, .shortTerm), text: text, sourceCount: 1, newestSource: .epoch,
        createdAt: .epoch, updatedAt: .epoch,
        origin: MemoryOrigin(model: ModelIdentity(provider: "p", model: "m"), instructions: "i")))
  }

  private func document(
    _ title: String, _ text: String, status: Document.Status = .normal
  ) -> RecallRecord {
    .document(
      Document(
        id: DocumentID(bits: 1), scope: scope, title: title, text: text, status: status,
        metadata: ["k": "v"], createdAt: .epoch))
  }

  private func text(_ record: RecallRecord) -> String? { EmbeddingText(record)?.text }

  @Test func `a message is embedded with who said it, and without its date`() {
    #expect(text(message([.text("I like tea")])) == "anna: I like tea")
    #expect(text(message([.text("So do I")], speaker: "bob")) == "bob: So do I")
    let answer = message([.text("Tea is "), .text("fine")], role: .assistant, origin: .model)
    #expect(text(answer) == "Tea is fine")
    #expect(text(message([.text("Done")], role: .assistant, origin: .task(TaskID(bits: 1)))) == "Done")
  }

  @Test func `what is no part of the talk is not embedded`() {
    let said: [MessagePart] = [.text("some words")]
    #expect(text(message([])) == nil)
    #expect(text(message([.text(" \n ")])) == nil)
    #expect(text(message(said, change: .deleted(.epoch))) == nil)
    #expect(text(message(said, change: .edited(.epoch))) != nil)
    #expect(text(message(said, role: .tool, origin: .model)) == nil)
    #expect(text(message(said, role: .assistant, origin: .announcement(of: TaskID(bits: 1)))) == nil)
    #expect(text(message(said, role: .assistant, origin: .repair)) == nil)
  }

  @Test(
    arguments: [
      ("lives in Kyoto", "Anna", "Anna: lives in Kyoto"),
      ("Anna lives in Kyoto", "anna", "Anna lives in Kyoto"),
      ("the mother of ANNA is a nurse", "Anna", "the mother of ANNA is a nurse"), ("Anna", "Anna", "Anna"),
      // Another's name only begins or ends as this one.
      ("She also likes tea", "Al", "Al: She also likes tea"), ("Joanna sings", "Anna", "Anna: Joanna sings"),
      ("also Al likes tea", "Al", "also Al likes tea"), ("京都に住むアンナ", "アンナ", "京都に住むアンナ"),
      ("京都に住んでいる", "アンナ", "アンナ: 京都に住んでいる"), ("It rains", "", "It rains"),
      ("a", "a longer name", "a longer name: a"),
    ])
  func `a fact is embedded with whom it is about, unless it names them`(
    statement: String, subject: String, expected: String
  ) {
    #expect(text(fact(statement, about: subject)) == expected)
  }

  @Test func `a fact that another has superseded is not embedded`() {
    #expect(text(fact("Anna lives in Kyoto", about: "Anna", supersededBy: FactID(bits: 2))) == nil)
    #expect(text(fact(" ", about: "Anna")) == nil)
  }

  @Test func `a memory is embedded until it has expired`() {
    #expect(text(memory("- They talk about tea.")) == "- They talk about tea.")
    #expect(text(memory("")) == nil)
  }

  @Test func `a document is embedded with its title, unless it is archived`() {
    #expect(text(document("Tea", "It is green.")) == "Tea\nIt is green.")
    #expect(text(document("", "It is green.")) == "It is green.")
    #expect(text(document("Tea", "It is green.", status: .archived)) == nil)
    #expect(text(document("Tea", " \n")) == "Tea")
    #expect(text(document(" ", "")) == nil)
  }

  @Test func `it names what it is of`() {
    #expect(
      EmbeddingText(message([.text("tea")]))?.source
        == .message(SessionID(bits: 1), SequenceNumber(rawValue: 3)))
    #expect(EmbeddingText(memory("tea"))?.source == .memory(MemoryKey(scope, .shortTerm)))
    #expect(EmbeddingText(fact("tea", about: "Anna"))?.source == .fact(FactID(bits: 1)))
    #expect(EmbeddingText(document("Tea", ""))?.source == .document(DocumentID(bits: 1)))
  }

  @Test func `it is found where its record is`() {
    let said = message([.text("tea")])
    #expect(EmbeddingText(said)?.scope == .user("anna", in: .main))
    guard case .message(let words, _) = said else { return }
    let place = ConversationPlace(workspace: "home", channel: "kitchen", thread: "soup")
    let shared = ChatSession(id: SessionID(bits: 2), place: place, createdAt: .epoch)
    #expect(EmbeddingText(.message(words, in: shared))?.scope == .channel("kitchen", of: "home"))
    for record in [memory("tea"), fact("tea", about: "Anna"), document("Tea", "")] {
      #expect(EmbeddingText(record)?.scope == scope)
    }
  }

  @Test func `what is embedded decides the hash, and nothing else`() {
    let plain = EmbeddingText(document("Tea", "It is green."))
    #expect(plain?.hash == EmbeddingText(memory("Tea\nIt is green."))?.hash)
    #expect(plain?.hash != EmbeddingText(document("Tea", "It is green!"))?.hash)
  }

  @Test func `a hash is of the version of the rules, too`() {
    let text = EmbeddingText(memory("tea"))
    #expect(text?.hash == ContentHash(of: "\(EmbeddingText.version)\0tea"))
    // Stored hashes depend on it: another value means that everything is embedded again.
    #expect(text?.hash.description == "0f06506c0b83d94f7080bdfa326d033a")
  }

  @Test(arguments: ["", " ", "\n\t\u{3000}", "tea", " tea ", "、", "\u{200B}", "\0"])
  func `what is found by its words is embedded, and nothing else`(words: String) {
    let others: [RecallRecord] = ["", " ", "tea"].map { document($0, words) }
    let deleted = message([.text(words)], change: .deleted(.epoch))
    let superseded = fact(words, about: "Ann", supersededBy: FactID(bits: 2))
    let archived = document("tea", words, status: .archived)
    for record in [
      message([.text(words)]), message([.text(" "), .text(words)], speaker: "bob"), memory(words),
    ]
      + [fact(words, about: "Ann"), deleted, superseded, archived] + others
    {
      #expect((TextDocument(record) == nil) == (EmbeddingText(record) == nil), "\(record)")
    }
    #expect(TextDocument(deleted) == nil && TextDocument(superseded) == nil && TextDocument(archived) == nil)
  }
}
