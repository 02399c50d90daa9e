/// What everybody who works on a conversation knows besides its messages: the host, the person, background tasks.
///
/// It is a value: whoever reads it has all of it as it was at one moment. Every entry belongs to whoever has written it.
/// Others change it only if they have seen what it says now, so that no write is lost without a word.
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

  /// The most entries.
  public static let maximumEntries = 100
  /// The most bytes of UTF-8 that an entry may have, its key and source included.
  public static let maximumEntryBytes = 16_384

  /// Raised by one with every update; 0 for a new one.
  public private(set) var version: Int64 = 0
  /// The entries, in the order in which they were written.
  public private(set) var entries: [Entry] = []

  /// A context in which nothing is known.
  public init() {}

  /// What is known under a key; `nil` for nothing.
  public subscript(key: String) -> Entry? { entries.first { $0.key == key } }

  /// The context with an update, all of it.
  ///
  /// - Throws: ``ContextRefusal``; nothing is changed then.
  public func applying(_ update: ContextUpdate, at time: Timestamp) throws(ContextRefusal) -> SharedContext {
    var context = self
    let version = version + 1
    for (key, text) in update.changes {
      let known = self[key]
      if let known, update.seen.map({ $0 < known.version }) ?? (known.owner != update.owner) {
        throw .moved(key: key, owner: known.owner, version: known.version)
      }
      context.entries.removeAll { $0.key == key }
      guard let text else { continue }
      let bytes = key.utf8.count + text.utf8.count + update.source.utf8.count
      guard !key.isEmpty, bytes <= Self.maximumEntryBytes, !(key + text + update.source).utf8.contains(0)
      else { throw .invalid(key: String(key.prefix(64))) }
      context.entries.append(
        Entry(
          key: key, text: text, owner: update.owner, source: update.source, version: version, time: time))
    }
    guard context.entries.count <= Self.maximumEntries else { throw .tooManyEntries }
    context.version = version
    return context
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
  /// The version of the context that the writer has seen; `nil` for whoever only writes what is its own.
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
  /// Somebody else has written this entry since, or owns it: read the context again, and say which version was seen.
  case moved(key: String, owner: SharedContext.Owner, version: Int64)
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
      "“\(key)” was written by somebody else (version \(version)). Read the context again before changing it."
    case .invalid(let key):
      "“\(key)” cannot be kept: entries have a key, no NUL, and at most \(SharedContext.maximumEntryBytes) bytes."
    case .tooManyEntries: "A context has at most \(SharedContext.maximumEntries) entries. Remove some first."
    }
  }
}
