import Testing

@testable import CompanionDomain

struct IntentFeaturesTests {
  @Test func `hashes are the same on every machine, for ever`() {
    #expect(
      IntentFeatures(of: "ok").features.map(\.key) == [
        273_997_747, 918_012_612, 1_429_885_467, 1_768_607_385, 2_394_120_259, 2_451_029_860, 2_742_399_277,
        3_033_240_563, 4_173_998_544,
      ])
    #expect(
      IntentFeatures(of: "雨 ok").features.map(\.key) == [
        273_997_747, 449_653_035, 918_012_612, 971_402_052, 1_071_568_311, 1_429_885_467, 1_768_607_385,
        1_905_900_034, 2_151_363_386, 2_394_120_259, 2_742_399_277, 2_744_562_945, 3_033_240_563,
        3_784_699_039, 3_975_229_043, 4_173_998_544, 4_273_594_310,
      ])
  }

  @Test(arguments: [
    ("Wake me UP, at Seven!", "wake me up at seven"),
    ("ｗａｋｅ　ｍｅ　ａｔ　７", "wake me at 7"),
    ("don't", "dont"),
    ("don’t", "dont"),
    ("Crème brûlée", "creme brulee"),
    ("cre\u{300}me", "creme"),
    ("at 6:30 or 17:59", "at 1:00 or 00:11"),
    ("カ゛ｶﾞ", "カ゛ガ"),
    ("  two \n\t words ", "two words"),
    ("明日、雨？", "明日 雨"),
    ("Straße", "strasse"),
    ("ΠΟΣ", "πος"),
  ])
  func `texts that mean the same have the same features`(left: String, right: String) {
    #expect(IntentFeatures(of: left) == IntentFeatures(of: right))
    #expect(!IntentFeatures(of: left).features.isEmpty)
  }

  @Test(arguments: [
    ("wake me", "me wake"), ("to me to us to me", "to us to me to us"), ("雨が降る", "雪が降る"),
    ("now here", "nowhere"), ("明日雨", "明日 雨"), ("a", "b"),
  ])
  func `texts that differ have other features`(left: String, right: String) {
    #expect(IntentFeatures(of: left) != IntentFeatures(of: right))
  }

  @Test(arguments: ["", " ", "?!…", "\n\u{3000}", "'", "\u{200D}", "。、"])
  func `separators alone have no features`(text: String) {
    #expect(IntentFeatures(of: text).features.isEmpty)
  }

  @Test func `words, neighbours, pairs and rows of characters are counted`() {
    let features = IntentFeatures(of: "ab ab").features
    // In " ab ab ": twice " a", "ab", "b ", " ab", "ab " and " ab ", once " ab a", "ab ab" and "b ab ". Rows of fewer
    // than five do not go on behind a space.
    #expect(features.filter(\.isOfCharacters).map(\.count).sorted() == [1, 1, 1, 2, 2, 2, 2, 2, 2])
    // The word twice; at the start, at the end, beside itself; paired with itself.
    #expect(features.filter { !$0.isOfCharacters }.map(\.count).sorted() == [1, 1, 1, 1, 2])
    #expect(features.map(\.key) == features.map(\.key).sorted())
  }

  @Test func `scripts that part no words have each character, and what stands beside it`() {
    // 雨が: two characters that are words, three neighbours, a pair; rows of 2 to 4 in a space, both, and a space.
    let features = IntentFeatures(of: "雨が").features
    #expect(features.count { !$0.isOfCharacters } == 6)
    #expect(features.count { $0.isOfCharacters } == 3 + 2 + 1)
  }

  @Test func `what is behind the first 1,024 scalars is not read`() {
    let text = String(repeating: "word ", count: 205)
    #expect(text.unicodeScalars.count == 1025)
    #expect(IntentFeatures(of: text + "and more") == IntentFeatures(of: text))
    let characters = String(repeating: "雨", count: IntentFeatures.longestText)
    #expect(IntentFeatures(of: characters + "が降る") == IntentFeatures(of: characters))
    // Each of these is 18 scalars when it is normalised.
    let ligatures = String(repeating: "\u{FDFA}", count: 5000)
    #expect(IntentFeatures(of: ligatures).features.count < 1024 * 4)
  }

  @Test func `any scalars at all have features, in bounded number`() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<400 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int(random.next() % 60) {
        let limit: UInt64 = random.next() % 2 == 0 ? 0x3000 : 0x11_0000
        if let scalar = Unicode.Scalar(UInt32(random.next() % limit)) { text.append(scalar) }
      }
      let features = IntentFeatures(of: String(text)).features
      #expect(features.count < 60 * 60 * 20)
      #expect(zip(features, features.dropFirst()).allSatisfy { $0.key < $1.key })
      #expect(features.allSatisfy { $0.count > 0 })
    }
  }
}
