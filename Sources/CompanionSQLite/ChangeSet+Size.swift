import CompanionDomain
import CompanionPorts

extension ChangeSet {
  /// In bytes.
  fileprivate static let smallSize = 16_384

  /// Whether storing this takes no longer than a way to another thread and back.
  var isSmall: Bool {
    guard changes.count <= 8 else { return false }
    return changes.reduce(0) { $0 + $1.roughSize } <= Self.smallSize
  }
}

extension ChangeSet.Change {
  /// What is not counted is short.
  fileprivate var roughSize: Int {
    switch self {
    case .append(let messages, _, _): messages.reduce(0) { $0 + $1.roughSize }
    case .amend(_, .edit(let parts), _, _): parts.reduce(0) { $0 + $1.roughSize }
    case .extendDraft(let draft, _, _): draft.text.utf8.count
    case .insertTask(let task): task.request.payload.json.utf8.count
    case .transition(_, .complete(_, let text, _), _): text.utf8.count
    case .enterCall(let entry): entry.model.model.utf8.count
    // Nobody knows how much it removes.
    case .pruneLedger, .removeStates: ChangeSet.smallSize + 1
    case .putMemory(let memory, let sources): memory.text.utf8.count + 100 * sources.count
    case .insertFact(let fact): fact.statement.utf8.count
    case .putDocument(let document):
      document.metadata.reduce(document.title.utf8.count + document.text.utf8.count) {
        $0 + $1.key.utf8.count + $1.value.utf8.count
      }
    // What is found no more is taken out of the postings of its terms.
    case .removeMemory, .removeFact, .removeDocument, .eraseMessage, .eraseSession, .eraseUser,
      .openEmbeddingSpace, .closeEmbeddingSpace, .retryEmbeddings:
      ChangeSet.smallSize + 1
    case .putEmbedding(let embedded, let space): 4 * space.dimension * embedded.vectors.count
    case .noteFailedEmbedding(let failed, _): failed.reason.utf8.count
    case .putState(let state): state.json.utf8.count
    case .insertSession, .amend, .discardDraft, .transition, .removeTask, .pauseTasks, .resumeTasks,
      .moveSchedule, .expectMemory, .moveMemoryProgress, .supersedeFact, .restoreFact, .expectState,
      .removeState, .eraseTask:
      0
    }
  }
}

extension ChatMessage {
  fileprivate var roughSize: Int { parts.reduce(0) { $0 + $1.roughSize } }
}

extension MessagePart {
  fileprivate var roughSize: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .toolCall(let call): call.arguments.utf8.count
    case .toolResult(let result): result.content.utf8.count
    }
  }
}
