import CompanionDomain
import CompanionPorts

/// Reads everything of a kind, page after page, so that however much there is needs little memory.
struct StoreWalk: Sendable {
  let store: any CompanionStore

  private static let page = 200
  /// Fewer, since they may be long.
  private static let pageOfDocuments = 50

  /// The messages of a log, as far as it matters for whose they are.
  func traces(of session: ChatSession) async throws(StoreFailure) -> [LogTrace] {
    var traces: [LogTrace] = []
    try await forEachEvent(of: session.id) { traces.read($0, of: session) }
    return traces
  }

  /// The events of a log, in their order.
  func forEachEvent(of session: SessionID, _ body: (LogEvent) -> Void) async throws(StoreFailure) {
    var last = LogRevision.zero
    while true {
      let page = try await store.logEvents(in: session, after: last, limit: Self.page)
      for event in page { body(event) }
      guard page.count == Self.page, let end = page.last else { return }
      last = end.revision
    }
  }

  /// The tasks that a filter lets through, newest first.
  func forEachTask(
    matching filter: TaskFilter, _ body: (GenerationTask) -> Void
  ) async throws(StoreFailure) {
    var filter = filter
    while true {
      let page = try await store.tasks(matching: filter, limit: Self.page)
      for task in page { body(task) }
      guard page.count == Self.page, let last = page.last else { return }
      filter.after = last.id
    }
  }

  /// The memories that a filter lets through, by their keys.
  func forEachMemory(
    matching filter: MemoryFilter, _ body: (MemoryRecord) -> Void
  ) async throws(StoreFailure) {
    var last: MemoryKey?
    repeat {
      let page = try await store.memories(matching: filter, after: last, limit: Self.page)
      for memory in page { body(memory) }
      last = page.count < Self.page ? nil : page.last?.key
    } while last != nil
  }

  /// The facts that a filter lets through, by their names.
  func forEachFact(matching filter: FactFilter, _ body: (Fact) -> Void) async throws(StoreFailure) {
    var last: FactID?
    repeat {
      let page = try await store.facts(matching: filter, after: last, limit: Self.page)
      for fact in page { body(fact) }
      last = page.count < Self.page ? nil : page.last?.id
    } while last != nil
  }

  /// All documents. One that is changed meanwhile may come twice.
  func forEachDocument(_ body: (Document) -> Void) async throws(StoreFailure) {
    var last = DocumentCursor.start
    while true {
      let page = try await store.documents(changedAfter: last, limit: Self.pageOfDocuments)
      for stored in page { body(stored.document) }
      guard page.count == Self.pageOfDocuments, let end = page.last else { return }
      last = end.cursor
    }
  }
}
