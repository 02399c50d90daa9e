/// What a model behind the Messages API takes and refuses, as far as its name tells.
///
/// The generations of Claude refuse each other's requests, and the API has no form that all of them take. A
/// Claude whose name has no version is taken for one of the newest; a model of another name, which another
/// server offers, is spoken to in the oldest form, since such servers follow the API at a distance.
///
/// Source: Anthropic's guides on adaptive thinking, effort, structured outputs and migration, read in 2026.
struct AnthropicDialect: Hashable, Sendable {
  /// How a model is asked to think.
  enum Thinking: Hashable, Sendable {
    /// It does not.
    case none
    /// With a budget of tokens. Such a model wants its earlier thoughts back when it goes on behind a tool's
    /// result.
    case budget
    /// By effort, deciding itself how much that is.
    case adaptive
  }

  /// How it is asked to think.
  let thinking: Thinking
  /// Whether it thinks without having been asked to.
  let thinksUnasked: Bool
  /// Whether it takes a temperature.
  let takesTemperature: Bool
  /// Whether it answers in JSON by itself. The others are made to call a tool whose arguments are the answer,
  /// which the newest refuse.
  let hasStructuredOutputs: Bool

  init(model: String) {
    let words = model.lowercased().split { !$0.isLetter && !$0.isNumber }
    guard let name = words.firstIndex(of: "claude") else {
      (thinking, thinksUnasked, takesTemperature, hasStructuredOutputs) = (.budget, false, true, false)
      return
    }
    let version = Self.version(words[name...].dropFirst()) ?? (.max, 0)
    thinking = version < (3, 7) ? .none : version < (4, 6) ? .budget : .adaptive
    thinksUnasked = version >= (5, 0)
    takesTemperature = version < (4, 7)
    hasStructuredOutputs = version >= (4, 5)
  }

  /// The version in a name such as `claude-opus-4-5-20251101` or `claude-3-7-sonnet`: a date is none.
  private static func version(_ words: some Collection<Substring>) -> (major: Int, minor: Int)? {
    func number(_ word: Substring?) -> Int? { word.flatMap { $0.count <= 2 ? Int($0) : nil } }
    guard let start = words.firstIndex(where: { number($0) != nil }), let major = number(words[start]) else {
      return nil
    }
    return (major, number(words[start...].dropFirst().first) ?? 0)
  }
}
