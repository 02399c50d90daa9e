/// What everybody who works on a conversation knows besides its messages: the host, the person, background tasks.
///
/// It is a value: whoever reads it has all of it as it was at one moment. Every entry belongs to whoever has written it,
/// until it is removed.
///
/// Whoever says which version they have seen changes nothing that was written or removed since; see
/// ``ContextUpdate/seen``. Whoever does not say so changes what is theirs, and what is not there: of two such writes of
/// one owner the last one counts, and an entry of another owner is not touched.
public struct SharedContext: Hashable, Sendable, Codable {
  /// Who has written an entry.
  @nonexhaustive
  public enum Owner: Hashable, Sendable, Codable {
    /// The app around the companion.
    case host
    /// The person.
    case person
    /// A background task.
    case task(TaskID)
  }

  /// One thing that is known.
  public struct Entry: Hashable, Sendable, Codable {
    /// By what it is named.
    public var key: String
    /// What is known.
    public var text: String
    /// Who has written it.
    public var owner: Owner
    /// Where it comes from, in a few words, such as `the screen`.
    public var source: String
    /// The version of the context that it came with.
    public var version: Int64
    /// When it was written.
    public var time: Timestamp
  }

  /// A key under which nothing is known any more.
  private struct Removal: Hashable, Sendable, Codable {
    var key: String
    var version: Int64
  }

  /// The most entries.
  public static let maximumEntries = 100
  /// The most bytes of UTF-8 that an entry may have, its key and source included.
  public static let maximumEntryBytes = 16_384

  /// Beyond what any number of updates comes to.
  package static let maximumVersion: Int64 = 1 << 62

  /// Raised by one with every update; 0 for a new one.
  public private(set) var version: Int64 = 0
  /// The entries, in the order in which they were written.
  public private(set) var entries: [Entry] = []
  /// The newest removals, oldest first; at most as many as there may be entries.
  private var removals: [Removal] = []
  /// The version of the last removal that is not among them: any key may have been it.
  private var earlierRemoval: Int64 = 0

  /// A context in which nothing is known.
  public init() {}

  /// A context of which everything went with a version: whoever has seen an earlier one has to read it again.
  package init(emptiedWith version: Int64) {
    self.version = version
    earlierRemoval = version
  }

  /// What is left when something of the conversation is forgotten: that nothing is known any more, and since when.
  package var withoutWords: SharedContext {
    entries.isEmpty && removals.isEmpty ? self : SharedContext(emptiedWith: version + 1)
  }

  /// What is known under a key; `nil` for nothing.
  public subscript(key: String) -> Entry? { entries.first { $0.key == key } }

  /// The context with an update, all of it.
  ///
  /// - Throws: ``ContextRefusal``; nothing is changed then.
  public func applying(_ update: ContextUpdate, at time: Timestamp) throws(ContextRefusal) -> SharedContext {
    var context = self
    let version = version + 1
    for (key, text) in update.changes {
      try check(key, update)
      let wasThere = context[key] != nil
      context.entries.removeAll { $0.key == key }
      guard let text else {
        if wasThere { context.noteRemoval(of: key, version) }
        continue
      }
      let bytes = key.utf8.count + text.utf8.count + update.source.utf8.count
      guard !key.isEmpty, bytes <= Self.maximumEntryBytes, !(key + text + update.source).utf8.contains(0)
      else { throw .invalid(key: String(key.prefix(64))) }
      context.entries.append(
        Entry(
          key: key, text: text, owner: update.owner, source: update.source, version: version, time: time))
      context.removals.removeAll { $0.key == key }
    }
    guard context.entries.count <= Self.maximumEntries else { throw .tooManyEntries }
    context.version = version
    return context
  }

  /// Finds out whether an update may change what is known under a key.
  private func check(_ key: String, _ update: ContextUpdate) throws(ContextRefusal) {
    // That was seen in a conversation which was forgotten whole, and began anew.
    if let seen = update.seen, seen > version { throw .removed(key: key, version: version) }
    if let known = self[key] {
      guard update.seen.map({ $0 >= known.version }) ?? (known.owner == update.owner) else {
        throw .moved(key: key, owner: known.owner, version: known.version)
      }
    } else if let seen = update.seen {
      let removal = removals.last { $0.key == key }?.version ?? earlierRemoval
      guard seen >= removal else { throw .removed(key: key, version: removal) }
    }
  }

  private mutating func noteRemoval(of key: String, _ version: Int64) {
    removals.removeAll { $0.key == key }
    removals.append(Removal(key: key, version: version))
    if removals.count > Self.maximumEntries { earlierRemoval = removals.removeFirst().version }
  }
}

extension SharedContext {
  private enum CodingKeys: CodingKey {
    case version, entries, removals, earlierRemoval
  }

  /// Decodes a context, also one that was encoded before removals were noted.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    version = try values.decode(Int64.self, forKey: .version)
    guard (0...Self.maximumVersion).contains(version) else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: values, debugDescription: "\(version) is no version of a context.")
    }
    entries = try values.decode([Entry].self, forKey: .entries)
    removals = try values.decodeIfPresent([Removal].self, forKey: .removals) ?? []
    earlierRemoval = try values.decodeIfPresent(Int64.self, forKey: .earlierRemoval) ?? 0
  }
}

/// A change of a ``SharedContext``.
public struct ContextUpdate: Hashable, Sendable {
  /// What is known from now on under each key; `nil` for nothing any more. Later ones count.
  public var changes: [(key: String, text: String?)] { pairs.map { ($0.key, $0.text) } }
  fileprivate var pairs: [Pair]
  /// Who writes.
  public var owner: SharedContext.Owner
  /// Where it comes from, in a few words.
  public var source: String
  /// The version of the context that the writer has seen: what was written or removed since, by whomever, is a conflict.
  /// `nil` for whoever only writes what is its own: the last of its writes counts, and an entry of somebody else is a
  /// conflict.
  public var seen: Int64?

  fileprivate struct Pair: Hashable, Sendable {
    var key: String
    var text: String?
  }

  /// An update.
  ///
  /// - Parameters:
  ///   - entries: what is known from now on.
  ///   - removing: under which keys nothing is known any more.
  public init(
    _ entries: KeyValuePairs<String, String>, removing: [String] = [], by owner: SharedContext.Owner = .host,
    source: String = "the app", seen: Int64? = nil
  ) {
    pairs = removing.map { Pair(key: $0) } + entries.map { Pair(key: $0.key, text: $0.value) }
    self.owner = owner
    self.source = source
    self.seen = seen
  }
}

extension ContextUpdate: ExpressibleByDictionaryLiteral {
  /// What the host knows from now on, under each key.
  public init(dictionaryLiteral entries: (String, String)...) {
    self.init([:])
    pairs = entries.map { Pair(key: $0, text: $1) }
  }
}

/// Why a context was not updated; it is as it was.
@nonexhaustive
public enum ContextRefusal: Error, Hashable, Sendable {
  /// This entry was written since, or somebody else owns it: read the context again, and say which version was seen.
  case moved(key: String, owner: SharedContext.Owner, version: Int64)
  /// This entry may have been removed since, last with this version: read the context again. Of the newest
  /// ``SharedContext/maximumEntries`` removals it is known which entries they were.
  case removed(key: String, version: Int64)
  /// The key is empty, the entry larger than ``SharedContext/maximumEntryBytes``, or there is NUL in it.
  case invalid(key: String)
  /// There would be more than ``SharedContext/maximumEntries``.
  case tooManyEntries
}

extension ContextRefusal: CustomStringConvertible {
  /// One line for a person: what stands in the way, and what to do.
  public var description: String {
    switch self {
    case .moved(let key, _, let version):
      "“\(key)” was written since, or by somebody else (version \(version)). Read the context again, and say which version was seen."
    case .removed(let key, let version):
      "“\(key)” was removed since, or may have been (version \(version)). Read the context again before writing it."
    case .invalid(let key):
      "“\(key)” cannot be kept: entries have a key, no NUL, and at most \(SharedContext.maximumEntryBytes) bytes."
    case .tooManyEntries: "A context has at most \(SharedContext.maximumEntries) entries. Remove some first."
    }
  }
}
