/// A word that is in one text of a run and in no other, by which a witness follows it wherever it goes.
struct TextMark: Hashable, Comparable, Sendable {
  let number: Int

  /// The word.
  var word: String { "tk\(number)x" }

  /// A word that nobody has ever said.
  static let unsaid = TextMark(number: 999_999)

  static func < (left: TextMark, right: TextMark) -> Bool { left.number < right.number }

  /// The marks in a text, each once, in the order of their numbers.
  static func all(in text: String) -> [TextMark] {
    let bytes = Array(text.utf8)
    var numbers: Set<Int> = []
    var place = 0
    while place + 3 < bytes.count {
      defer { place += 1 }
      guard bytes[place] == UInt8(ascii: "t"), bytes[place + 1] == UInt8(ascii: "k") else { continue }
      var (number, end) = (0, place + 2)
      while end < bytes.count, end < place + 9, (48...57).contains(bytes[end]) {
        number = number * 10 + Int(bytes[end] - 48)
        end += 1
      }
      if end > place + 2, end < bytes.count, bytes[end] == UInt8(ascii: "x") { numbers.insert(number) }
    }
    return numbers.sorted().map { TextMark(number: $0) }
  }
}
