import CompanionDomain
import FoundationEssentials
import Testing

/// What ends a task's wait, as it is stored.
struct TaskInputTests {
  @Test func `what is stored is what comes back`() {
    for provider in ["a", "main 2", "\u{301}x"].compactMap(ProviderID.init(_:)) {
      #expect(TaskInput(stored: TaskInput.leave(provider).stored) == .leave(provider))
    }
    for text in ["", "yes", "leave a", "\u{10}", "\u{10}\u{10}", "\u{10}leave", "\r\n\u{10}"] {
      #expect(TaskInput(stored: TaskInput.text(text).stored) == .text(text))
    }
    #expect(TaskInput.text("the blue one").stored == "the blue one")
  }

  @Test func `no text that somebody says is read as an order`() {
    let order = TaskInput.leave("a").stored
    for text in [order, order + " ", "\u{10}" + order, "leave a", "leave provider a"] {
      let input = TaskInput(stored: TaskInput.text(text).stored)
      #expect(input == .text(text))
      #expect(input.text.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
    }
  }

  @Test func `what no input is stored as is a text, and JSON holds the same`() throws {
    for stored in ["\u{10}leave ", "\u{10}leave a b", "\u{10}stay a"] {
      #expect(TaskInput(stored: stored) == .text(stored))
    }
    for input in [TaskInput.leave("a"), .text("yes"), .text("\u{10}leave a")] {
      let data = try JSONEncoder().encode([input])
      #expect(try JSONDecoder().decode([TaskInput].self, from: data) == [input])
    }
  }
}
