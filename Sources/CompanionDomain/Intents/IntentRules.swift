/// Understanding by keywords, in English, Japanese and Chinese: the way that needs no model.
public enum IntentRules {
  /// The intent of a message by its words alone. It always has an answer; what it does not recognise is a
  /// question to be answered directly.
  ///
  /// Complexity: linear in the text's length.
  public static func intent(of text: String) -> Intent {
    let folded = FoldedText(text)
    let ranked =
      keywords
      .map { profile, entry in (profile, hits: entry.hits(in: folded)) }
      .filter { $0.hits > 0 }
    // The earlier profile of the table wins a tie: `max` would take the later one.
    let best = ranked.reduce(nil as (Intent.Profile, hits: Int)?) { best, next in
      next.hits > (best?.hits ?? 0) ? next : best
    }
    let profile = best?.0 ?? .information
    let files = IntentTargets.files(in: text)
    let complexity = complexity(of: folded, profile: profile)
    return Intent(
      action: action(
        profile: profile, complexity: complexity, files: files,
        runsCode: execution.hits(in: folded) > 0
          || orders.hits(in: folded) > 0 && (isCommand(text) || runsTests(text))),
      profile: profile,
      complexity: complexity,
      confidence: best == nil ? 0.3 : min(0.9, 0.5 + 0.1 * Double(best?.hits ?? 0)),
      files: files,
      entities: IntentTargets.quoted(in: text),
      secondary: ranked.map(\.0).filter { $0 != profile },
      method: .rules)
  }

  /// The way through the engine that a kind of help takes.
  ///
  /// Running code and touching files have ways of their own. Analysis and search take several steps, and so
  /// do creation and modification that name no file and are more than a small thing. The rest is answered
  /// directly.
  public static func action(
    profile: Intent.Profile, complexity: Intent.Complexity, files: [String], runsCode: Bool
  ) -> Intent.Action {
    if runsCode { return .codeExecution }
    switch profile {
    case .analysis, .search: return .multiStepTask
    case .creation, .modification:
      if !files.isEmpty { return .fileOperation }
      return complexity == .low ? .directResponse : .multiStepTask
    case .information: return files.isEmpty ? .directResponse : .fileOperation
    case .guidance: return .directResponse
    }
  }

  /// A text without regard to case.
  private struct FoldedText {
    let bytes: [UInt8]
    let words: Set<Substring>

    init(_ text: String) {
      let folded = text.lowercased()
      bytes = Array(folded.utf8)
      words = Set(folded.split { !$0.isLetter && !$0.isNumber && $0 != "'" })
    }

    func contains(_ phrase: [UInt8]) -> Bool {
      guard let first = phrase.first, phrase.count <= bytes.count else { return false }
      return (0...(bytes.count - phrase.count)).contains { start in
        bytes[start] == first && bytes[start..<(start + phrase.count)].elementsEqual(phrase)
      }
    }
  }

  private struct Keywords {
    /// Matched as whole words.
    let words: Set<Substring>
    /// Matched anywhere: phrases, and scripts that part no words.
    let phrases: [[UInt8]]

    init(words: [Substring] = [], phrases: [String] = []) {
      self.words = Set(words)
      self.phrases = phrases.map { Array($0.utf8) }
    }

    func hits(in text: FoldedText) -> Int {
      words.intersection(text.words).count + phrases.count(where: text.contains)
    }
  }

  private static let keywords: [(Intent.Profile, Keywords)] = [
    (
      .analysis,
      Keywords(
        words: [
          "analyse", "analyze", "analysis", "compare", "evaluate", "review", "summarise", "summarize",
          "summary", "investigate", "diagnose", "assess",
        ],
        phrases: [
          "look into", "pros and cons", "分析", "比較", "比较", "評価して", "评估", "要約", "まとめて", "总结",
          "總結", "概括", "調べて", "レビュー", "调查",
        ])
    ),
    (
      .search,
      Keywords(
        words: ["search", "find", "locate", "lookup", "grep"],
        phrases: [
          "look up", "look for", "where is the file", "list the files", "list files", "list all files",
          "list all the files", "list my files", "show the files", "show me the files", "what files are",
          "which files are", "検索", "探して", "ファイルの一覧", "ファイル一覧", "ファイルを一覧", "どんなファイル", "搜索", "查找",
          "找出", "寻找", "找找", "找一下", "搜一下", "列出文件", "列出所有文件", "文件列表", "有哪些文件", "有什么文件",
        ])
    ),
    (
      .modification,
      Keywords(
        words: [
          "change", "edit", "fix", "modify", "refactor", "rename", "replace", "rewrite", "update", "improve",
          "delete", "remove", "translate",
        ],
        phrases: [
          "変更して", "修正して", "書き換え", "直して", "削除して", "翻訳", "修改", "改写", "更新一下", "删除", "翻译",
        ])
    ),
    (
      .creation,
      Keywords(
        words: [
          "build", "compose", "create", "design", "develop", "draft", "generate", "implement", "write",
        ],
        phrases: [
          "make a ", "make me ", "set up ", "作成", "作って", "書いて", "生成して", "设计", "創建", "创建", "写一",
          "生成一", "做一个",
        ])
    ),
    (
      .guidance,
      Keywords(
        words: ["advice", "advise", "recommend", "should", "suggest"],
        phrases: [
          "how do i ", "how can i ", "how to ", "help me decide", "what would you do", "どうすれば", "おすすめ",
          "べきですか", "アドバイス", "怎么办", "如何", "建议", "推荐",
        ])
    ),
  ]

  private static let execution = Keywords(
    phrases: [
      "run this code", "run the code", "run the script", "run this script",
      "execute the", "execute this", "実行して", "テストを走らせ", "运行代码", "运行这", "执行这",
      "执行脚本",
    ])

  /// Without one of these no program is to be run: to make a pattern takes longer than to look for them. Every verb that
  /// `runsTests(_:)` and `isCommand(_:)` look for is one.
  private static let orders = Keywords(phrases: ["run", "execute", "运行", "执行", "跑", "走らせ"])

  /// Whether tests are to be run: “run all the unit tests”, 运行所有测试.
  private static func runsTests(_ text: String) -> Bool {
    guard text.utf8.count <= maximumCommandBytes else { return false }
    return text.firstMatch(
      of: /(?i)\brun\s+(?:(?:the|all|my|our|these|those|unit|whole|full|of)\s+){0,4}test(?:s|\b)/) != nil
      || text.firstMatch(of: /(?:运行|执行|跑)(?:一下|所有|全部|单元|的){0,4}测试/) != nil
  }

  /// Whether a message says nothing but that a program is to be run: “run make test”, 「make test を走らせて」.
  private static func isCommand(_ text: String) -> Bool {
    guard text.utf8.count <= maximumCommandBytes else { return false }
    if let match = text.firstMatch(
      of: /^(?i)\s*(?:(?:please|can you|could you|now|then)[,\s]+)*(?:run|execute)\s+([\w.\/~\-]+)/)
    {
      return !noPrograms.contains(match.1.lowercased())
    }
    return text.firstMatch(of: /^\s*(?:请|帮我|麻烦)*(?:运行|执行|跑)(?:一下)?(?:命令|程序)?\s*[「“`]?[A-Za-z.\/]/) != nil
      || text.firstMatch(of: /^\s*[「『`]?[A-Za-z.\/][\x20-\x7e]*[」』`]?\s*を走らせ/) != nil
  }

  private static let maximumCommandBytes = 2_000

  /// What stands behind “run” where no program is meant.
  private static let noPrograms: Set<String> = [
    "a", "an", "the", "it", "this", "that", "these", "those", "my", "our", "your", "some", "all", "away",
    "out",
    "into", "through", "over", "for", "with", "to", "off", "up", "down", "me", "us", "errands", "fast",
    "faster",
    "every", "like", "and", "or", "in", "on", "at", "by", "around", "late",
  ]

  private static let large = Keywords(
    words: [
      "complete", "comprehensive", "detailed", "entire", "everything", "full", "long", "plan", "project",
      "report", "thorough", "website", "app", "application", "essay", "chapter", "course",
    ],
    phrases: [
      "step by step", "in depth", "詳しく", "詳細", "計画", "レポート", "全部", "详细", "完整", "计划", "报告",
      "项目", "网站",
    ])

  private static func complexity(
    of text: FoldedText, profile: Intent.Profile
  ) -> Intent.Complexity {
    let weight = large.hits(in: text) + (text.bytes.count > 400 ? 1 : 0)
    switch profile {
    case .analysis, .search: return weight > 1 ? .high : .medium
    default: return weight == 0 ? .low : weight == 1 ? .medium : .high
    }
  }
}
