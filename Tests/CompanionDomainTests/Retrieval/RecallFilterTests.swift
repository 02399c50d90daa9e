import CompanionDomain
import Testing

/// What a filter accepts.
struct RecallFilterTests {
  private static let scope = MemoryScope.channel("kitchen", of: .main)
  private static let session = ChatSession(id: SessionID(bits: 1), createdAt: .epoch)

  private static func time(_ number: Int64) -> Timestamp { Timestamp(nanosecondsSinceEpoch: number) }

  /// One of each kind whose own time is this, and whose other times are others.
  private static func records(at number: Int64, _ metadata: [String: String] = [:]) -> [RecallRecord] {
    let (time, other) = (time(number), time(1_000))
    let origin = MemoryOrigin(model: ModelIdentity(provider: "scripted", model: "model"), instructions: "1")
    let said = FactSource.statement(by: .user, in: nil)
    return [
      .message(
        ChatMessage(
          sequence: SequenceNumber(rawValue: 1), turn: TurnID(bits: 1), role: .user, parts: [.text("a")],
          time: time, origin: .person),
        in: session),
      .memory(
        MemoryRecord(
          key: MemoryKey(scope, .shortTerm), text: "a", sourceCount: 1, newestSource: other, createdAt: other,
          updatedAt: time, origin: origin)),
      .fact(
        Fact(
          id: FactID(bits: 1), scope: scope, subject: "a", statement: "a", validFrom: time, source: said,
          createdAt: other)),
      .fact(
        Fact(
          id: FactID(bits: 2), scope: scope, subject: "a", statement: "a", validTo: other, source: said,
          createdAt: time)),
      .document(
        Document(
          id: DocumentID(bits: 1), scope: scope, text: "a", metadata: metadata, createdAt: other,
          updatedAt: time)),
    ]
  }

  @Test func `the usual one accepts everything`() {
    for record in Self.records(at: 5, ["a": "b"]) {
      #expect(RecallFilter.all.accepts(record))
      #expect(RecallFilter().accepts(record))
    }
    #expect(!RecallFilter.all.restrictsRecords)
    #expect(RecallFilter.all.searchedKinds == Set(RecallSource.Kind.allCases))
  }

  @Test func `every set of kinds accepts what is of them`() {
    let kinds = RecallSource.Kind.allCases
    for bits in 0..<1 << kinds.count {
      let chosen = Set(kinds.indices.filter { bits >> $0 & 1 == 1 }.map { kinds[$0] })
      let filter = RecallFilter(kinds: chosen)
      #expect(!filter.restrictsRecords && filter.searchedKinds == chosen)
      for record in Self.records(at: 5) { #expect(filter.accepts(record) == chosen.contains(record.kind)) }
    }
  }

  @Test func `a time is accepted from the beginning on, and before the end, for every kind`() {
    for first in -2...4 as ClosedRange<Int64> {
      for end in first...4 {
        let filter = RecallFilter(times: Self.time(first)..<Self.time(end))
        #expect(filter.restrictsRecords && filter.searchedKinds == RecallFilter.all.searchedKinds)
        for number in -3...5 as ClosedRange<Int64> {
          for record in Self.records(at: number) {
            #expect(filter.accepts(record) == (first <= number && number < end))
            #expect(record.time == Self.time(number))
          }
        }
      }
    }
  }

  @Test func `a document has to have every name with its value, and nothing else is accepted`() {
    let metadata = ["kind": "note", "place": "garden", "": "", "caf\u{E9}": "caf\u{E9}"]
    let accepted: [[String: String]] = [
      ["kind": "note"], ["kind": "note", "place": "garden"], ["": ""], ["caf\u{E9}": "caf\u{E9}"], metadata,
    ]
    let rejected: [[String: String]] = [
      ["kind": "Note"], ["kind": "notes"], ["kind": ""], ["Kind": "note"], ["note": "kind"],
      ["kind": "note", "place": "kitchen"], ["kind": "note", "other": "garden"], ["cafe\u{301}": "caf\u{E9}"],
      ["caf\u{E9}": "cafe\u{301}"],
    ]
    for (filters, isAccepted) in [(accepted, true), (rejected, false)] {
      for wanted in filters {
        let filter = RecallFilter(metadata: wanted)
        #expect(filter.restrictsRecords && filter.searchedKinds == [.document])
        for record in Self.records(at: 5, metadata) {
          #expect(filter.accepts(record) == (isAccepted && record.kind == .document), "\(wanted)")
        }
      }
    }
  }

  @Test func `all conditions must be met`() {
    let record = Self.records(at: 5, ["kind": "note"])[4]
    for kinds in [[.document], [.message], [.message, .document]] as [Set<RecallSource.Kind>] {
      for end in [5, 6] as [Int64] {
        for value in ["note", "letter"] {
          let filter = RecallFilter(
            kinds: kinds, times: Self.time(0)..<Self.time(end), metadata: ["kind": value])
          #expect(filter.accepts(record) == (kinds.contains(.document) && end == 6 && value == "note"))
        }
      }
    }
    #expect(RecallFilter(kinds: [.message], metadata: ["kind": "note"]).searchedKinds == [])
  }
}
