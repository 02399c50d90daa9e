import CompanionDomain

/// Which known facts new ones end, by rule: the same kind of statement about the same, with another value.
struct OfflineSupersession {
  private let material: MemoryMaterial

  init(_ material: MemoryMaterial) { self.material = material }

  var pairs: [Supersessions.Pair] {
    let shapes = StatementShape.all
    let known = material.knownFacts.map { Statement($0, shapes) }
    let new = material.newFacts.map { Statement($0, shapes) }
    return known.indices.compactMap { place in
      // The last one holds now.
      guard let one = known[place],
        let newer = new.indices.last(where: { new[$0].map { $0.ends(one) } ?? false })
      else { return nil }
      return Supersessions.Pair(known: place, new: newer)
    }
  }
}

/// A statement of which the shape is known.
private struct Statement {
  let owner: [String]
  let shape: String
  let value: FactWording
  let isDenied: Bool

  init?(_ text: String, _ shapes: [StatementShape]) {
    var text = text
    while let last = text.last, last.isWhitespace || ".。!！".contains(last) { text.removeLast() }
    for shape in shapes {
      guard let match = text.wholeMatch(of: shape.pattern), match.output.count > 2,
        let owner = match.output[1].substring, let value = match.output[2].substring
      else { continue }
      self.owner = TextAnalysis.terms(of: String(owner))
      self.shape = shape.name
      self.value = FactWording(subject: "", statement: String(value))
      isDenied = shape.isDenied
      return
    }
    return nil
  }

  func ends(_ other: Statement) -> Bool {
    guard owner == other.owner, shape == other.shape else { return false }
    let isOfSameValue = value.saysTheSame(as: other.value)
    return StatementShape.ofMany.contains(shape)
      ? isOfSameValue && isDenied != other.isDenied : !isOfSameValue
  }
}

/// How statements are put that can end each other.
private struct StatementShape {
  let name: String
  let isDenied: Bool
  let pattern: Regex<AnyRegexOutput>

  init(_ name: String, isDenied: Bool = false, _ pattern: some RegexComponent) {
    self.name = name
    self.isDenied = isDenied
    self.pattern = Regex<AnyRegexOutput>(pattern.regex)
  }

  /// Shapes of which many hold together: only a denial ends one.
  static let ofMany: Set<String> = ["taste"]

  // A regex is not Sendable, so whoever uses them makes their own.
  static var all: [StatementShape] {
    [
      Self("name", /(.+?)(?:['’]s name is|の名前は|的名字是) ?(.+?)(?:です|だ)?/),
      Self("birthday", /(.+?)(?:['’]s birthday is|の誕生日は|的生日是)(?: on)? ?(.+?)(?:です|だ)?/),
      Self("age", /(.+?) (?:is|am) ([0-9]+) years old/),
      Self("age", /(.+?)は?([0-9一二三四五六七八九十]+)[歳才岁](?:です)?/),
      Self(
        "home",
        /(.+?)(?:['’](?:m|s))? (?:(?:now |currently )?lives? in|(?:is |am )?living in|(?:has |have )?moved to|(?:is |am )based in) (.+)/
      ),
      Self("home", /(.+?)は(.+?)(?:に住んでいる|に住んでいます|に引っ越した|に引っ越しました|で暮らしている)/),
      Self("home", /(.+?)(?:现在|目前)?(?:住在|搬到了?)(.+)/),
      Self("employer", /(.+?) (?:now )?works? (?:at|for) (.+)/),
      Self("employer", /(.+?)は(.+?)(?:で働いている|で働いています|に勤めている)/),
      Self("employer", /(.+?)在(.+?)工作/),
      Self("profession", /(.+?) (?:now )?works? as (.+)/),
      Self("marriage", /(.+?) (?:is|am|got) (married|engaged|divorced|single)/),
      Self("marriage", /(.+?)は(結婚|離婚|独身).*/),
      Self("marriage", /(.+?)(?:已经)?(结婚|离婚|单身|订婚).*/),
      Self("favourite", /(.+?['’]s favou?rite .+?) is (.+)/),
      Self(
        "taste", isDenied: true,
        /(.+?) (?:does not|doesn['’]t|do not|don['’]t|no longer) (?:likes?|loves?|enjoys?) (.+?)(?: any ?more)?/
      ),
      Self("taste", isDenied: true, /(.+?) (?:hates|dislikes|cannot stand|can['’]t stand) (.+)/),
      Self("taste", /(.+?) (?:really )?(?:likes?|loves?|enjoys?|adores?) (.+)/),
      Self("taste", isDenied: true, /(.+?)は(.+?)(?:が|は)(?:もう)?(?:好きではない|好きじゃない|嫌い|きらい|苦手)/),
      Self("taste", /(.+?)は(.+?)が(?:大)?好き(?:だ|です)?/),
      Self("taste", isDenied: true, /(.+?)(?:已经)?(?:不再喜欢|不喜欢|不爱吃|不爱喝|讨厌)(.+?)了?/),
      Self("taste", /(.+?)(?:很|最|特别)?(?:喜欢|爱吃|爱喝)(.+)/),
    ]
  }
}
