import Synchronization

/// How a statement is put that can end another one.
private struct StatementShape {
  let name: String
  let isDenied: Bool
  /// In small letters: whatever has none of them has another shape.
  let phrases: [String]
  let pattern: Regex<AnyRegexOutput>

  init(_ name: String, isDenied: Bool = false, _ phrases: [String], _ pattern: some RegexComponent) {
    self.name = name
    self.isDenied = isDenied
    self.phrases = phrases
    self.pattern = Regex<AnyRegexOutput>(pattern.regex.matchingSemantics(.unicodeScalar))
  }
}

/// How statements are put that can end each other.
struct StatementShapes {
  /// What a statement of a known shape says.
  struct Match {
    var shape: String
    var isDenied: Bool
    var owner: String
    var value: String
  }

  private let shapes: [StatementShape]
  private let table: PhraseTable

  private init() {
    shapes = Self.all
    table = PhraseTable(shapes.map(\.phrases))
  }

  // A regex is not Sendable, and reading one takes longer than most statements: there is one of each.
  private static let shared = Mutex(StatementShapes())

  /// Shapes of which many hold together: only a denial ends one.
  static let ofMany: Set<String> = ["taste"]

  /// What a statement says, if its shape is known.
  static func match(_ statement: String) -> Match? {
    shared.withLock { $0.match(statement) }
  }

  private func match(_ statement: String) -> Match? {
    for place in table.groups(in: ComparableText(statement)) {
      let shape = shapes[place]
      guard let match = statement.wholeMatch(of: shape.pattern), match.output.count > 2,
        let owner = match.output[1].substring, let value = match.output[2].substring
      else { continue }
      return Match(
        shape: shape.name, isDenied: shape.isDenied, owner: String(owner), value: String(value))
    }
    return nil
  }

  private static var all: [StatementShape] {
    [
      StatementShape(
        "name", ["name is", "の名前は", "的名字是"],
        /(.+?)(?:['’]s name is|の名前は|的名字是) ?(.+?)(?:です|だ)?/),
      StatementShape(
        "birthday", ["birthday is", "の誕生日は", "的生日是"],
        /(.+?)(?:['’]s birthday is|の誕生日は|的生日是)(?: on)? ?(.+?)(?:です|だ)?/),
      StatementShape(
        "age", [" years old"],
        /(.+?) (?:is|am) ([0-9]+) years old/),
      StatementShape(
        "age", ["歳", "才", "岁"],
        /(.+?)は?([0-9一二三四五六七八九十]+)[歳才岁](?:です)?/),
      StatementShape(
        "home", [" live in", " lives in", " living in", "moved to", " based in"],
        /(.+?)(?:['’](?:m|s))? (?:(?:now |currently )?lives? in|(?:is |am )?living in|(?:has |have )?moved to|(?:is |am )based in) (.+)/
      ),
      StatementShape(
        "home", ["に住んで", "に引っ越し", "で暮らして"],
        /(.+?)は(.+?)(?:に住んでいる|に住んでいます|に引っ越した|に引っ越しました|で暮らしている)/),
      StatementShape(
        "home", ["住在", "搬到"],
        /(.+?)(?:现在|目前)?(?:住在|搬到了?)(.+)/),
      StatementShape(
        "employer", [" work at", " works at", " work for", " works for"],
        /(.+?) (?:now )?works? (?:at|for) (.+)/),
      StatementShape(
        "employer", ["で働いて", "に勤めて"],
        /(.+?)は(.+?)(?:で働いている|で働いています|に勤めている)/),
      StatementShape(
        "employer", ["工作"],
        /(.+?)在(.+?)工作/),
      StatementShape(
        "profession", [" work as", " works as"],
        /(.+?) (?:now )?works? as (.+)/),
      StatementShape(
        "marriage", [" married", " engaged", " divorced", " single"],
        /(.+?) (?:is|am|got) (married|engaged|divorced|single)/),
      StatementShape(
        "marriage", ["結婚", "離婚", "独身"],
        /(.+?)は(結婚|離婚|独身).*/),
      StatementShape(
        "marriage", ["结婚", "离婚", "单身", "订婚"],
        /(.+?)(?:已经)?(结婚|离婚|单身|订婚).*/),
      StatementShape(
        "favourite", ["s favo"],
        /(.+?['’]s favou?rite .+?) is (.+)/),
      StatementShape(
        "taste", isDenied: true, ["not ", "n't ", "no longer "],
        /(.+?) (?:does not|doesn['’]t|do not|don['’]t|no longer) (?:likes?|loves?|enjoys?) (.+?)(?: any ?more)?/
      ),
      StatementShape(
        "taste", isDenied: true, ["hates ", "dislikes ", "cannot stand ", "can't stand "],
        /(.+?) (?:hates|dislikes|cannot stand|can['’]t stand) (.+)/),
      StatementShape(
        "taste", [" like", " love", " enjoy", " adore"],
        /(.+?) (?:really )?(?:likes?|loves?|enjoys?|adores?) (.+)/),
      StatementShape(
        "taste", isDenied: true, ["好き", "嫌い", "きらい", "苦手"],
        /(.+?)は(.+?)(?:が|は)(?:もう)?(?:好きではない|好きじゃない|嫌い|きらい|苦手)/),
      StatementShape(
        "taste", ["好き"],
        /(.+?)は(.+?)が(?:大)?好き(?:だ|です)?/),
      StatementShape(
        "taste", isDenied: true, ["喜欢", "不爱", "讨厌"],
        /(.+?)(?:已经)?(?:不再喜欢|不喜欢|不爱吃|不爱喝|讨厌)(.+?)了?/),
      StatementShape(
        "taste", ["喜欢", "爱吃", "爱喝"],
        /(.+?)(?:很|最|特别)?(?:喜欢|爱吃|爱喝)(.+)/),
    ]
  }
}
