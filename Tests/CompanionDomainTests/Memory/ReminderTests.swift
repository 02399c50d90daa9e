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

  @Test func `a block is cut to every budget, from the last on, and memories give way last`() {
    let whole = reminder.text.count
    let memories = Reminder(memories: reminder.memories, recalled: [])
    for limit in 0...whole + 1 {
      let fitted = reminder.fitted(to: limit, countedBy: \.count)
      #expect(fitted.text.count <= limit)
      #expect(
        reminder.recalled.starts(with: fitted.recalled) && reminder.memories.starts(with: fitted.memories))
      #expect((fitted.memories == reminder.memories) == (limit >= memories.text.count))
      guard fitted.recalled.count < reminder.recalled.count, fitted.memories == reminder.memories else {
        continue
      }
      var more = fitted
      more.recalled.append(reminder.recalled[fitted.recalled.count])
      #expect(more.text.count > limit, "more would have fitted into \(limit)")
    }
    #expect(reminder.fitted(to: whole, countedBy: \.count) == reminder)
  }

  @Test func `a block of many short texts is counted a few times, however much of it has to go`() {
    let many = Reminder(
      memories: [], recalled: (0..<1_000).map { .init(saidOn: "2026-03-03", by: "anna", text: "\($0)") })
    var counts = 0
    let fitted = many.fitted(to: 5_000) { text in
      counts += 1
      return text.count
    }
    #expect((100..<1_000).contains(fitted.recalled.count))
    #expect(counts <= 13)
  }
}
