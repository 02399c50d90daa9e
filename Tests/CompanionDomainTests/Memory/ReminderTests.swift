import CompanionDomain
import Testing

struct ReminderTests {
  private let reminder = Reminder(
    memories: [
      .init(
        source: "what is known about anna", text: "- 2026-03-01 anna: I bake.\n- 2026-03-02 anna: I swim.")
    ],
    recalled: [
      .init(saidOn: "2026-03-03", by: "anna", text: "I live in Kyoto."),
      .init(saidOn: "2026-03-04", by: nil, text: "How nice!"),
      .init(source: "known since 2026-03-03", text: "anna lives in Kyoto"),
    ])

  @Test func `what was put into a block is read back from it`() {
    #expect(Reminder.items(in: reminder.text) == reminder.memories + reminder.recalled)
    #expect(Reminder.items(in: reminder.text).map(\.day) == ["", "2026-03-03", "2026-03-04", "2026-03-03"])
    #expect(Reminder.items(in: reminder.text).map(\.isOfCompanion) == [false, false, true, false])
  }

  @Test(arguments: ["", "You are a companion.", "> [2026-03-01, anna] I live in Kyoto."])
  func `another text reminds of nothing`(text: String) {
    #expect(Reminder.items(in: text).isEmpty)
  }
}
