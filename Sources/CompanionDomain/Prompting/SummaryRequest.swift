/// What a model is asked to summarise, as it is read back from the prompt of a ``SummaryMaterial``.
package struct SummaryRequest: Hashable, Sendable {
  /// The summary so far; empty for none.
  package let previous: String
  /// What was said since, oldest first, each with who said it.
  package let messages: [PromptExcerpt]
  /// The tokens that the new one may have.
  package let limit: Int

  /// Reads a prompt; `nil` for one that is not of a ``SummaryMaterial``.
  package init?(_ prompt: [PromptMessage]) {
    guard let text = prompt.last(where: { $0.role == .user })?.text,
      let limit = text.split(separator: "\n").last?.wholeMatch(
        of: /Write the new summary in at most ([0-9]{1,9}) tokens\./)
    else { return nil }
    let blocks = FencedBlock.all(in: text)
    guard let messages = blocks.first(where: { $0.kind == "messages" }) else { return nil }
    previous = blocks.first { $0.kind == "summary" }?.content ?? ""
    self.messages = messages.excerpts
    self.limit = Int(limit.1) ?? 1
  }
}
