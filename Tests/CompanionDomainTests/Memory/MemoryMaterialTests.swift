import CompanionDomain
import Foundation
import Testing

struct MemoryMaterialTests {
  private let tokyo = MemoryCalendar(timeZone: TimeZone(identifier: "Asia/Tokyo") ?? .gmt)

  private func material(_ work: MemoryMaterial.Work) throws -> MemoryMaterial {
    MemoryMaterial(
      work: work, scope: try #require(MemoryScope("channel main kitchen")), now: time("2026-11-21T05:20:00Z"),
      calendar: tokyo)
  }

  private func time(_ text: String) -> Timestamp {
    let date = (try? Date(text, strategy: .iso8601)) ?? .distantPast
    return Timestamp(nanosecondsSinceEpoch: Int64(date.timeIntervalSince1970) * 1_000_000_000)
  }

  private func line(_ speaker: String?, _ text: String, at time: Timestamp, number: Int64 = 1) -> MemoryLine {
    MemoryLine(
      session: SessionID(bits: 0), sequence: SequenceNumber(rawValue: number), time: time,
      speaker: speaker.flatMap(UserID.init(rawValue:)), text: text)
  }

  @Test func `the instructions do not change with the material, and the fingerprint only with them`() throws {
    for work in MemoryMaterial.Work.allCases {
      var material = try material(work)
      let instructions = material.messages.first
      material.previous = "- x"
      material.now = .epoch
      #expect(material.messages.count == 2 && material.messages.first == instructions)
      #expect(instructions?.role == .system)
    }
    let prints = MemoryMaterial.Work.allCases.map { MemoryMaterial.fingerprint(of: $0) }
    #expect(Set(prints).count == prints.count && prints.allSatisfy { $0.count == 16 })
  }

  @Test func `all of the material is told, with times as the people see them`() throws {
    var material = try material(.shortTerm)
    material.tokenLimit = 300
    material.previous = "- 2026-11-19 soup"
    material.merged = [.init(title: "garden", text: "- 2026-11-20 roses")]
    material.lines = [
      line("anna", "I moved\nto Kyoto", at: time("2026-11-20T14:10:59Z")),
      line(nil, "Oh", at: time("2026-11-20T15:00:00Z")),
    ]
    material.corrections = [
      MemoryCorrection(line: line("anna", "Two", at: .epoch), old: "One"),
      MemoryCorrection(line: line("bob", "", at: .epoch), old: "Gone"),
    ]
    material.knownFacts = ["Anna lives in Rome"]
    #expect(
      material.messages.last?.text == """
        Task: short-term
        Now: 2026-11-21 Saturday 14:20 (Asia/Tokyo)
        About: channel main kitchen
        Limit: 300 tokens

        <memory>
        - 2026-11-19 soup
        </memory>

        <newer title="garden">
        - 2026-11-20 roses
        </newer>

        <messages>
        [1] 2026-11-20 Friday 23:10 anna: I moved to Kyoto
        [2] 2026-11-21 Saturday 00:00 the companion: Oh
        </messages>

        <corrections>
        [1] before: 1970-01-01 Thursday 09:00 anna: One
        [1] now says: Two
        [2] before: 1970-01-01 Thursday 09:00 bob: Gone
        [2] now: deleted
        </corrections>

        <known>
        [1] Anna lives in Rome
        </known>
        """)
  }

  @Test(arguments: [
    ("2026-11-20T14:59:59Z", "2026-11-20"), ("2026-11-20T15:00:00Z", "2026-11-21"),
    ("2026-12-31T15:00:00Z", "2027-01-01"), ("1969-12-31T14:59:00Z", "1969-12-31"),
  ])
  func `a day begins when it does for the person`(instant: String, day: String) {
    #expect(tokyo.day(of: time(instant)) == day)
  }

  @Test func `a day begins at its first moment, also where clocks change`() {
    #expect(tokyo.start(ofYear: 2026, month: 11, day: 21) == time("2026-11-20T15:00:00Z"))
    #expect(tokyo.start(ofYear: 2026, month: 2, day: 29) == nil)
    #expect(tokyo.start(ofYear: 9999, month: 1, day: 1) == nil)
    let berlin = MemoryCalendar(timeZone: TimeZone(identifier: "Europe/Berlin") ?? .gmt)
    #expect(berlin.start(ofYear: 2026, month: 3, day: 29) == time("2026-03-28T23:00:00Z"))
    #expect(berlin.start(ofYear: 2026, month: 3, day: 30) == time("2026-03-29T22:00:00Z"))
  }

  @Test func `weekdays are in the person's language, and are read back`() throws {
    for identifier in ["ja_JP", "vi_VN", "ar_EG", "de_DE"] {
      var material = try material(.facts)
      material.calendar.locale = Locale(identifier: identifier)
      material.lines = [line("anna", "a", at: time("2026-11-20T14:10:00Z"))]
      let read = try #require(MemoryMaterial(material.messages))
      #expect(read.lines == material.lines && read.now == material.now)
    }
    var material = try material(.facts)
    material.calendar.locale = Locale(identifier: "ja_JP")
    #expect(material.messages.last?.text.contains("土曜日 14:20") == true)
  }

  @Test func `what is no material is not read`() {
    #expect(MemoryMaterial([]) == nil)
    #expect(MemoryMaterial([PromptMessage(.user, "Task: facts\nNow: then\nAbout: x\nLimit: 1")]) == nil)
  }

  // MARK: Hostile content

  private static let pieces = [
    "</messages>", "<memory>", "\n</memory>\n", "\r\n", "\u{2028}", "\u{301}", " ", "\\", "\\<", "[2] ",
    "now says: ",
    "before: ", "anna: ", "the companion: ", "\u{200B}<new>", "2026-11-20 Friday 23:10 ", "\n- ",
    "<newer title=\"a\">",
    "Limit: 9 tokens", "🙂", "京都", "\u{0}", "\u{85}", "＜", "x", ":", "\t<known>", "\u{301}<",
  ]
  private static let names = ["anna", "a:", "the", "(companion)", "<memory>", "[1]", "京都", "\u{301}x", "🙂:"]

  @Test func `hostile content forges nothing, and all is read back`() throws {
    var numbers = SplitMix64(seed: 7)
    func text() -> String {
      (0..<Int.random(in: 0...6, using: &numbers)).reduce(into: "") { text, _ in
        text += Self.pieces.randomElement(using: &numbers) ?? ""
      }
    }
    func flat(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
    func lines(_ text: String) -> String {
      text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).joined(separator: "\n")
    }
    for _ in 0..<600 {
      var material = try material(MemoryMaterial.Work.allCases.randomElement(using: &numbers) ?? .facts)
      func said(_ number: Int) -> MemoryLine {
        let minutes = Int.random(in: 0...60_000_000, using: &numbers)
        let name = numbers.happens(0.3) ? nil : Self.names.randomElement(using: &numbers)
        return line(
          name, text(), at: .epoch.advanced(by: .seconds(minutes * 60)), number: Int64(number))
      }
      material.previous = text()
      material.merged = (0..<Int.random(in: 0...2, using: &numbers)).map { _ in
        .init(title: text(), text: text())
      }
      material.lines = (0..<Int.random(in: 0...4, using: &numbers)).map { said($0 + 1) }
      material.corrections = (0..<Int.random(in: 0...3, using: &numbers)).map {
        MemoryCorrection(line: said($0 + 1), old: text())
      }
      material.knownFacts = (0..<Int.random(in: 0...2, using: &numbers)).map { _ in text() }
      material.newFacts = (0..<Int.random(in: 0...2, using: &numbers)).map { _ in text() }

      let read = try #require(MemoryMaterial(material.messages))
      try #require(read.messages == material.messages)
      func flattened(_ line: MemoryLine) -> MemoryLine {
        var line = line
        line.text = flat(line.text)
        return line
      }
      #expect(read.previous == lines(material.previous))
      #expect(read.merged.map(\.text) == material.merged.map { lines($0.text) })
      #expect(read.lines == material.lines.map(flattened))
      #expect(read.corrections.map(\.line) == material.corrections.map { flattened($0.line) })
      #expect(read.corrections.map(\.old) == material.corrections.map { flat($0.old) })
      #expect(
        read.knownFacts == material.knownFacts.map(flat) && read.newFacts == material.newFacts.map(flat))
      #expect(read.work == material.work && read.scope == material.scope && read.now == material.now)
    }
  }
}
