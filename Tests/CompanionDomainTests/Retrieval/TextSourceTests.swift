import CompanionDomain
import Testing

struct TextSourceTests {
  @Test(arguments: [
    (Int64(0), "1970-1-1"), (-1, "1969-12-31"), (86_399_999_999_999, "1970-1-1"),
    (86_400_000_000_000, "1970-1-2"), (-86_400_000_000_000, "1969-12-31"),
    (-86_400_000_000_001, "1969-12-30"), (1_772_357_400_000_000_001, "2026-3-1"),
  ])
  func `a message is found by its day in UTC`(nanoseconds: Int64, day: String) {
    let message = ChatMessage(
      sequence: SequenceNumber(rawValue: 1), turn: TurnID(bits: 1), role: .user, parts: [.text("tea")],
      time: Timestamp(nanosecondsSinceEpoch: nanoseconds), origin: .person)
    let session = ChatSession(id: SessionID(bits: 1), createdAt: .epoch)
    let context = TextDocument(message, in: session)?.context.last ?? ""
    #expect(context.hasPrefix("\(day) "))
  }
}
