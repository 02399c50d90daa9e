import CompanionKit
import ExampleSupport

/// Removes the vectors of a model that is not used any more, or of a dimension that it had.
struct ForgetModelCommand {
  let library: Library

  /// - Parameters:
  ///   - model: its name, as `status` shows it, behind the name of its service where several have such a model.
  ///   - dimension: how many numbers its vectors have; `nil` for any.
  func run(_ model: String, dimension: Int?) async throws -> Status {
    let spaces = try await library.spaces()
    let named = spaces.filter { space, _ in
      [space.model.model, "\(space.model.provider) \(space.model.model)"].contains(model)
        && (dimension.map { $0 == space.dimension } ?? true)
    }
    guard !named.isEmpty else {
      let known = spaces.map { "\($0.space)" }.joined(separator: ", ")
      let name = dimension.map { "\(model) (\($0))" } ?? model
      Terminal.complain(
        "There are no vectors of \(name). There are \(known.isEmpty ? "none at all" : "those of \(known)").")
      return .failed
    }
    guard Set(named.map(\.space.model)).count == 1 else {
      let known = named.map { "\"\($0.space.model.provider) \($0.space.model.model)\"" }
      Terminal.complain(
        "Several services have a model \(model), and nothing was removed. Name one of \(known.joined(separator: ", "))."
      )
      return .failed
    }
    if let used = named.first(where: \.isUsed) {
      Terminal.complain(
        named.count == 1
          ? "\(used.space) is in use, and was not removed. Embed by another model first: --embeddings and --model name it."
          : "\(used.space) is in use, and nothing was removed. --dimension names which of \(model) is meant.")
      return .failed
    }
    for (space, _) in named {
      let count = try await library.store.embeddingCoverage(in: space)?.embedded ?? 0
      try await library.store.commit(.closeEmbeddingSpace(space))
      Terminal.show("\(space): removed, with the vectors of \(counted(count, "text", "texts"))")
    }
    try await library.store.eraseRemoved()
    let used = spaces.first(where: \.isUsed)?.space
    let coverage: EmbeddingCoverage? =
      if let used { try await library.store.embeddingCoverage(in: used) } else { nil }
    if used == nil || (coverage?.waiting ?? 0) > 0 {
      Terminal.tell(
        "Until all is embedded by \(library.service.summary), what waits is found by its words alone.")
    }
    return .done
  }
}
