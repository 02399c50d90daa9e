/// What became of the sections of a prompt: what is kept, what was cut, and why.
public struct PromptReport: Hashable, Sendable {
  /// What is left of a section.
  public enum Kept: Hashable, Sendable {
    /// One of its forms.
    case form(PromptSection.Form.Name)
    /// Those of its items, by their places.
    case items(Range<Int>)
    /// Nothing.
    case nothing
  }

  /// What became of a section.
  public struct Section: Hashable, Sendable, Identifiable {
    /// By what it is named.
    public let id: String
    /// What is left of it.
    public let kept: Kept
    /// The tokens of what is left.
    public let tokens: Int
    /// The tokens of all of it.
    public let fullTokens: Int
    /// Why it is not all there; `nil` when it is.
    public let cut: Cut?
  }

  /// Why a section was cut.
  public struct Cut: Hashable, Sendable {
    /// The items that were dropped, by their places; empty for a section of forms.
    public let items: Range<Int>
    /// The items that are there in part, by their places: too long by themselves, their middle is left out.
    public let shortened: [Int]
    /// The tokens of the next larger form, or of one item or group more; of all of it, where a history is cut
    /// in steps; where no item was dropped, of the newest that was shortened.
    public let needed: Int
    /// The tokens that were there for it: fewer than needed.
    public let available: Int
  }

  /// By what the sections were fitted.
  public let budget: PromptBudget
  /// The sections, in the order in which they were given.
  public let sections: [Section]
  /// The tokens of all that is kept: never more than those of the budget.
  public let tokens: Int

  /// What became of a section; `nil` for one that was not there.
  ///
  /// Complexity: linear in the sections.
  public subscript(id: String) -> Section? { sections.first { $0.id == id } }

  /// The sections that are not all there.
  public var cuts: [Section] { sections.filter { $0.cut != nil } }
}

extension PromptReport: CustomStringConvertible {
  /// For a person: a line for the whole, and one for each section.
  public var description: String {
    let whole = "\(tokens) of \(budget.available) tokens"
    return ([whole] + sections.map(\.description)).joined(separator: "\n")
  }
}

extension PromptReport.Section: CustomStringConvertible {
  /// For a person, in a line.
  public var description: String {
    guard let cut else { return "\(id): all of it, \(tokens) tokens" }
    let left =
      switch kept {
      case .form(let name): "its \(name.rawValue)"
      case .items(let range):
        "\(range.count) of \(range.count + cut.items.count) items"
          + (cut.shortened.isEmpty ? "" : ", \(cut.shortened.count) of them in part")
      case .nothing: "nothing"
      }
    return """
      \(id): \(left), \(tokens) of \(fullTokens) tokens; more needs \(cut.needed), and \(cut.available) were left
      """
  }
}
