/// A part of a prompt that can become shorter: what its forms cost, how much it matters, and how far it may
/// shrink.
public struct PromptSection: Hashable, Sendable {
  /// What a section consists of.
  public enum Content: Hashable, Sendable {
    /// One of several forms, from the fullest to the shortest; without any, it is dropped. A form that is not
    /// smaller than one before it is never chosen.
    case forms([Form])
    /// Items of which the first or the last go first; with none left, the section is dropped.
    case items([Item], dropping: End)
  }

  /// One of the forms of a section.
  public struct Form: Hashable, Sendable {
    /// What a form is.
    @nonexhaustive
    public enum Name: String, Hashable, Sendable, Codable {
      /// All of it.
      case full
      /// What matters of it.
      case summary
      /// That it exists, and what it is about.
      case headline
    }

    /// What it is.
    public var name: Name
    /// Its tokens, estimated; at least 0.
    public let tokens: Int

    /// A form.
    ///
    /// - Parameter tokens: less than 0 counts as 0.
    public init(_ name: Name, tokens: Int) {
      self.name = name
      self.tokens = max(tokens, 0)
    }
  }

  /// One of the items of a section, such as a message of the history or a recalled memory.
  public struct Item: Hashable, Sendable {
    /// Its tokens, estimated; at least 0.
    public let tokens: Int
    /// Items of the same group stay together or go together, and with them all that stand between them: such as
    /// a tool call and its result. `nil` for an item by itself.
    public var group: String?

    /// An item.
    ///
    /// - Parameter tokens: less than 0 counts as 0.
    public init(tokens: Int, group: String? = nil) {
      self.tokens = max(tokens, 0)
      self.group = group
    }
  }

  /// An end of a list.
  public enum End: String, Hashable, Sendable, Codable {
    /// The first item: the oldest of a history.
    case first
    /// The last item: the least of what is ranked.
    case last
  }

  /// How far a section shrinks before more important ones do.
  public enum Minimum: Hashable, Sendable {
    /// Not at all.
    case full
    /// To a form; to the fullest one that is no fuller where it has no such form. For items, as ``full``.
    case form(Form.Name)
    /// To so many items, and the groups that they belong to. For forms, 1 or more is the shortest form.
    case items(Int)
    /// Until nothing is left.
    case nothing
  }

  /// By what it is named in the report; unique within a prompt.
  public var id: String
  /// How much it matters; of two sections, the one of the lower priority shrinks first, and of equal ones the
  /// one that comes later.
  public var priority: Int
  /// What it consists of.
  public var content: Content
  /// How far it shrinks before more important ones do.
  public var minimum: Minimum
  /// Whether it never shrinks below its minimum.
  public var isPinned: Bool
  /// What it costs beside its items as long as one is left, such as for its heading; at least 0.
  public let overhead: Int

  /// A section.
  ///
  /// - Parameter overhead: less than 0 counts as 0.
  public init(
    _ id: String, priority: Int, content: Content, minimum: Minimum = .nothing, isPinned: Bool = false,
    overhead: Int = 0
  ) {
    self.id = id
    self.priority = priority
    self.content = content
    self.minimum = minimum
    self.isPinned = isPinned
    self.overhead = max(overhead, 0)
  }

  /// A section that is there in full, or the prompt cannot be made.
  public static func pinned(_ id: String, priority: Int, tokens: Int) -> PromptSection {
    PromptSection(
      id, priority: priority, content: .forms([Form(.full, tokens: tokens)]), minimum: .full, isPinned: true)
  }
}
