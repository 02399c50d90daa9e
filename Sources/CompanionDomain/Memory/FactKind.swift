/// What a statement tells of its subject, where a rule can see that.
package enum FactKind: String, Hashable, Sendable, CaseIterable {
  case name, residence, work, age, birthday, relationship
  case taste, possession, health, plan, decision

  /// Whether a subject has one at a time, so that a newer one ends an older.
  package var hasOneValue: Bool {
    switch self {
    case .name, .residence, .work, .age, .birthday, .relationship: true
    case .taste, .possession, .health, .plan, .decision: false
    }
  }

  /// By the words of a statement; `nil` where they are of no kind.
  package init?(of statement: String) { self.init(words: WordReader.words(of: statement)) }

  /// By words in comparable form.
  init?(words: [String]) {
    let text = " " + words.map { $0.isUnparted ? $0 : " \($0) " }.joined() + " "
    let spaced = Array(text.replacing("  ", with: " ").utf8)
    var first = Self.signs.count
    for place in spaced.indices.dropFirst() {
      for sign in Self.table[Int(spaced[place])]
      where sign.order < first && spaced.has(sign.bytes, at: place - 1) {
        first = sign.order
      }
    }
    guard first < Self.signs.count else { return nil }
    self = Self.signs[first].0
  }

  private struct Sign {
    /// The place of its kind among ``signs``.
    var order: Int
    var bytes: [UInt8]
  }

  /// By their second bytes, since most begin with a space: so a statement is read once.
  private static let table: [[Sign]] = {
    var table = [[Sign]](repeating: [], count: 256)
    for (order, texts) in signs.map(\.1).enumerated() {
      for bytes in texts.map({ Array($0.utf8) }) where bytes.count > 1 {
        table[Int(bytes[1])].append(Sign(order: order, bytes: bytes))
      }
    }
    return table
  }()

  /// In the order in which they are looked for. English words stand between spaces.
  private static let signs: [(FactKind, [String])] = [
    (.birthday, [" birthday ", " born on ", " was born ", "誕生日", "生日", "生まれ", "出生"]),
    (
      .name,
      [" name is ", " named ", " is called ", " call me ", "名前は", "と申します", "といいます", "と言います", "我叫", "名字"]
    ),
    (.age, [" years old ", " year old ", "歳です", "才です", "岁"]),
    (
      .health,
      [" allergic ", " allergy ", " vegetarian ", " vegan ", " diabetes ", "アレルギー", "过敏", "吃素", "ベジタリアン"]
    ),
    (
      .decision,
      [" decided ", " decision ", " have chosen ", " agreed to ", "決めた", "決めました", "ことにした", "ことにしました", "决定"]
    ),
    (
      .plan,
      [
        " going to ", " plan to ", " planning to ", " plans to ", " am planning ", " intend to ", "予定", "つもり",
        "打算", "计划", "准备去",
      ]
    ),
    (
      .residence,
      [
        " live in ", " lives in ", " living in ", " moved to ", " move to ", " where i live ", " based in ",
        " resides in ", "住んで", "住みます", "引っ越し", "引越し", "住在", "搬到", "搬家", "居住",
      ]
    ),
    (
      .work,
      [
        " work at ", " works at ", " work for ", " works for ", " work as ", " works as ", " working as ",
        " working at ", " working for ", " my job ", " started at ", "働いて", "勤めて", "仕事は", "工作", "上班", "职业",
      ]
    ),
    (
      .relationship, [" married ", " divorced ", " engaged ", " single ", "結婚", "離婚", "独身", "结婚", "离婚", "单身"]
    ),
    (
      .taste,
      [
        " like ", " likes ", " love ", " loves ", " enjoy ", " enjoys ", " prefer ", " prefers ",
        " favorite ",
        " favourite ", " hate ", " hates ", " dislike ", " dislikes ", " can not stand ", "好き", "嫌い", "きらい",
        "苦手",
        "喜欢", "喜歡", "讨厌", "最爱", "爱吃", "爱喝",
      ]
    ),
    (
      .possession,
      [
        " have a ", " has a ", " have two ", " have an ", " has an ", " own a ", "飼って", "養って", "持って", "养了",
        "有一",
      ]
    ),
  ]
}

extension String {
  /// Whether it is a character of a script that parts no words.
  fileprivate var isUnparted: Bool { unicodeScalars.first.map(TextAnalysis.isUnparted) ?? false }
}

extension [UInt8] {
  /// Whether other bytes stand at a place of these.
  fileprivate func has(_ row: [UInt8], at place: Int) -> Bool {
    guard count - place >= row.count else { return false }
    for offset in row.indices where self[place + offset] != row[offset] { return false }
    return true
  }
}
