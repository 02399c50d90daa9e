import CompanionDomain
public import CompanionPorts

/// What was forgotten. What was not there counts nothing, so that all counts of a second time are zero.
public struct ForgetReport: Hashable, Sendable {
  /// Conversations that went whole.
  public var sessions = 0
  /// Messages that went of conversations that stay.
  public var messages = 0
  /// Memories that were derived from what went; they are formed anew from what stays.
  public var memories = 0
  /// Facts that went.
  public var facts = 0
  /// Facts that hold again, because one that had superseded them went.
  public var restoredFacts = 0
  /// Documents that went.
  public var documents = 0
  /// Tasks that went, in whatever state.
  public var tasks = 0
  /// Why the bytes may still be in the store's files; `nil` when they were cleared of them. Forgetting the same
  /// again tries again.
  public var rewriteFailure: StoreFailure?

  /// Nothing was forgotten.
  public init() {}

  mutating func add(_ plan: ForgetPlan) {
    sessions += plan.sessions.count
    messages += plan.logs.values.reduce(0) { $0 + $1.words.count }
    memories += plan.memories.count
    facts += plan.facts.count
    restoredFacts += plan.corrections.count { $0.supersession == nil }
    documents += plan.documents.count
    tasks += plan.tasks.count
  }
}
