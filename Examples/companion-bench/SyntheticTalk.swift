import CompanionDomain
import CompanionKit

/// Conversations that nobody has had: the same for a seed, with words as common as words are.
///
/// Words are made up; of rank r, one is said in proportion to 1/r (Zipf's law). A conversation keeps to a
/// topic of its own. Of seven messages one is Japanese or Chinese in its looks.
struct SyntheticTalk {
  private var random: SplitMix64
  private let words: [String]
  private let compounds: [String]
  /// How probable a word is that is at most so common.
  private let cumulative: [Double]
  private let messagesInSession = 60

  init(seed: UInt64 = 7) {
    var random = SplitMix64(seed: seed)
    let vocabulary = 40_000
    words = (0..<vocabulary).map { _ in random.word() }
    compounds = (0..<8_000).map { _ in random.compound() }
    var sum = 0.0
    cumulative = (1...vocabulary).map { rank in
      sum += 1 / Double(rank)
      return sum
    }
    self.random = random
  }

  /// Sessions of so many messages together, one after the other.
  mutating func sessions(count: Int, user: UserID) -> [(session: ChatSession, messages: [ChatMessage])] {
    var sessions: [(session: ChatSession, messages: [ChatMessage])] = []
    var left = count
    var time = Timestamp(nanosecondsSinceEpoch: 1_700_000_000_000_000_000)
    while left > 0 {
      let session = ChatSession(id: SessionID(bits: UInt128(sessions.count + 1)), user: user, createdAt: time)
      let topic = (0..<40).map { _ in words[Int(random.next() % UInt64(words.count))] }
      let isUnparted = random.next() % 7 == 0
      var messages: [ChatMessage] = []
      for place in 1...min(left, messagesInSession) {
        time = time.advanced(by: .seconds(90))
        messages.append(
          ChatMessage(
            sequence: SequenceNumber(rawValue: Int64(place)), turn: TurnID(bits: UInt128(place)),
            role: place.isMultiple(of: 2) ? .assistant : .user,
            parts: [.text(isUnparted ? unpartedSentence() : sentence(of: topic))], time: time,
            origin: place.isMultiple(of: 2) ? .model : .person))
      }
      sessions.append((session, messages))
      left -= messages.count
      time = time.advanced(by: .seconds(40_000))
    }
    return sessions
  }

  /// A question in words of a message, some of them, and some that everybody says.
  mutating func question(about text: String) -> String {
    let parts = text.split(separator: " ")
    guard parts.count > 3 else { return String(text.prefix(9)) + "どうなった" }
    var chosen = (0..<4).map { _ in String(parts[Int(random.next() % UInt64(parts.count))]) }
    chosen.append(commonWord())
    return "What did we say about \(chosen.joined(separator: " "))?"
  }

  /// Messages of so many labels in turn, each with words of its own among those that everybody says.
  mutating func examples(count: Int, labels: Int) -> [IntentExample] {
    let topics = (0..<labels).map { label in
      (0..<8).map { _ in
        label % 10 == 9
          ? compounds[Int(random.next() % UInt64(compounds.count))]
          : words[Int(random.next() % UInt64(words.count))]
      }
    }
    return (0..<count).map { place in
      let topic = topics[place % labels]
      let said = (0..<5 + Int(random.next() % 7)).map { _ in
        random.next() % 3 == 0 ? topic[Int(random.next() % UInt64(topic.count))] : commonWord()
      }
      return IntentExample(said.joined(separator: " "), label: "\(place % labels)")
    }
  }

  private mutating func sentence(of topic: [String]) -> String {
    let length = 8 + Int(random.next() % 18)
    let said = (0..<length).map { _ in
      random.next() % 4 == 0 ? topic[Int(random.next() % UInt64(topic.count))] : commonWord()
    }
    return said.joined(separator: " ") + "."
  }

  private mutating func unpartedSentence() -> String {
    let particles = ["は", "が", "を", "に", "の", "と"]
    let length = 4 + Int(random.next() % 8)
    return (0..<length).map { _ in
      let rank = rank() % compounds.count
      return compounds[rank] + particles[Int(random.next() % UInt64(particles.count))]
    }.joined() + "。"
  }

  private mutating func commonWord() -> String { words[rank()] }

  private mutating func rank() -> Int {
    let target = Double(random.next() >> 11) / Double(1 << 53) * (cumulative.last ?? 1)
    var (low, high) = (0, cumulative.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] < target { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SplitMix64 {
  fileprivate mutating func word() -> String {
    let onsets = [
      "b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl",
    ]
    let nuclei = ["a", "e", "i", "o", "u", "ou", "ea"]
    let codas = ["", "", "n", "r", "s", "t", "ck", "m"]
    return (0..<2 + Int(next() % 2)).map { _ in
      onsets[Int(next() % 18)] + nuclei[Int(next() % 7)] + codas[Int(next() % 8)]
    }.joined()
  }

  fileprivate mutating func compound() -> String {
    let scalars = (0..<2).compactMap { _ in Unicode.Scalar(0x4E00 + UInt32(next() % 2500)) }
    return String(String.UnicodeScalarView(scalars))
  }
}
