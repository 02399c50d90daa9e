/// What of all that can be found is looked for.
///
/// Everything that is said here must be so: the kind, the time and the metadata.
public struct RecallFilter: Hashable, Sendable {
  /// What it may be.
  public var kinds: Set<RecallSource.Kind>
  /// When it has to be from, by ``RecallRecord/time``, the end not included; `nil` for any time.
  public var times: Range<Timestamp>?
  /// What a document's ``Document/metadata`` must have: each of these names with the very value, character for
  /// character as they are encoded. Nothing but documents has metadata: with any, nothing else is found.
  public var metadata: [String: String]

  /// A filter that restricts nothing, but for what is said.
  public init(
    kinds: Set<RecallSource.Kind> = Set(RecallSource.Kind.allCases), times: Range<Timestamp>? = nil,
    metadata: [String: String] = [:]
  ) {
    self.kinds = kinds
    self.times = times
    self.metadata = metadata
  }

  /// Restricts nothing.
  public static let all = RecallFilter()
}

extension RecallFilter {
  /// The kinds that it may accept something of: with metadata, documents at most.
  public var searchedKinds: Set<RecallSource.Kind> {
    metadata.isEmpty ? kinds : kinds.intersection([.document])
  }

  /// Whether more has to be known of something than its kind.
  public var restrictsRecords: Bool { times != nil || !metadata.isEmpty }

  /// Whether it accepts something, as it is stored. Complexity: its metadata.
  public func accepts(_ record: RecallRecord) -> Bool {
    accepts(record.kind, from: record.time, with: record.metadata)
  }

  /// Whether it accepts something by what counts of it; for stores that keep that apart.
  ///
  /// - Parameters:
  ///   - kind: what it is.
  ///   - time: its ``RecallRecord/time``.
  ///   - metadata: its ``RecallRecord/metadata``.
  public func accepts(
    _ kind: RecallSource.Kind, from time: Timestamp, with metadata: @autoclosure () -> [String: String]
  ) -> Bool {
    guard searchedKinds.contains(kind), times.map({ $0.contains(time) }) ?? true else { return false }
    guard !self.metadata.isEmpty else { return true }
    let entries = metadata()
    return self.metadata.allSatisfy { name, value in
      // Strings that only look alike are equal, and no file can look them up so.
      entries.contains { $0.key.isEncoded(as: name) && $0.value.isEncoded(as: value) }
    }
  }
}

extension String {
  fileprivate func isEncoded(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
