import CompanionDomain
import Testing

struct ErasingTests {
  private let message = ChatMessage(
    sequence: SequenceNumber(rawValue: 7), turn: TurnID(bits: 1), role: .user, parts: [.text("a secret")],
    time: .epoch, origin: .person, speaker: "anna", isReminded: true)

  @Test func `an erased message is a deleted one that nobody has said`() {
    let time = Timestamp(nanosecondsSinceEpoch: 5)
    let erased = message.erased(at: time)
    #expect(erased.isDeleted && !message.isDeleted)
    #expect(erased.parts.isEmpty && erased.speaker == nil)
    #expect(erased.change == .deleted(time))
    #expect(erased.sequence == message.sequence && erased.role == .user && erased.isReminded)
    #expect(erased.amended(by: .delete, at: time) == nil)
  }

  @Test func `what has happened to an erased message is told without its words`() {
    let parts = message.parts
    let kinds: [LogEvent.Kind] = [.appended, .edited(from: parts), .deleted(parts)]
    #expect(kinds.map(\.erased) == [.appended, .edited(from: []), .deleted([])])
  }
}
