import CompanionDomain
import Testing

struct FactStatementTests {
  @Test func `a statement is kept without white space at its ends`() throws {
    let statement = try FactStatement(" \n\tAnna lives in Rome.　\r\n")
    #expect(statement.string == "Anna lives in Rome.")
  }

  @Test(arguments: ["", " ", "\n\t　"]) func `nothing is no statement`(_ text: String) {
    #expect(throws: StatementRefusal.empty) { try FactStatement(text) }
  }

  @Test func `the longest statement has 2,000 characters`() throws {
    let longest = String(repeating: "あ", count: 2_000)
    let statement = try FactStatement("  \(longest)  ")
    #expect(statement.string == longest)
    #expect(throws: StatementRefusal.tooLong(2_001, limit: 2_000)) { try FactStatement(longest + "あ") }
    // One character to the eye may be any amount of text.
    let marks = "e" + String(repeating: "\u{301}", count: 5_000)
    #expect(throws: StatementRefusal.tooLong(5_001, limit: 2_000)) { try FactStatement(marks) }
  }

  @Test func `NUL is refused`() {
    #expect(throws: StatementRefusal.containsNUL) { try FactStatement("Anna\0lives") }
  }

  @Test func `a refusal says what to do`() {
    for refusal in [StatementRefusal.empty, .tooLong(2_001, limit: 2_000), .containsNUL] {
      #expect(refusal.description.hasSuffix(".") && refusal.description.count > 20)
    }
  }
}
