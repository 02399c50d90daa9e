import CompanionDomain
import Testing

struct IntentRulesTests {
  @Test(arguments: [
    ("Hello, I am Aiko and I live in Kyoto.", Intent.Action.directResponse),
    ("Where do I live?", .directResponse),
    ("What is the capital of France?", .directResponse),
    ("How do I boil an egg?", .directResponse),
    ("Write me a haiku.", .directResponse),
    ("Write a comprehensive report on tea.", .multiStepTask),
    ("Summarise our conversation.", .multiStepTask),
    ("Compare green tea with black tea", .multiStepTask),
    ("Find where the function is used", .multiStepTask),
    ("make a file notes.md with my plans", .fileOperation),
    ("What does README.md say?", .fileOperation),
    ("run the tests", .codeExecution),
    ("京都に住んでいます。", .directResponse),
    ("会話を要約してください。", .multiStepTask),
    ("テストを実行して", .codeExecution),
    ("我住在哪里?", .directResponse),
    ("请总结我们的对话", .multiStepTask),
    ("", .directResponse),
    ("make a file called todo with milk", .fileOperation),
    ("append eggs to notes.md", .fileOperation),
    ("replace milk with eggs in notes.md", .fileOperation),
    ("read notes.md", .fileOperation),
    ("delete notes.md", .fileOperation),
    ("delete old/data.bin", .fileOperation),
    ("It is at www.example.com/a.b or he/she.", .directResponse),
    ("list the files", .multiStepTask),
    ("run swift build", .codeExecution),
    ("Please run make test.", .codeExecution),
    ("run all the tests", .codeExecution),
    ("Run the unit tests, please", .codeExecution),
    ("I ran a test yesterday", .directResponse),
    ("运行所有测试", .codeExecution),
    ("跑一下单元测试", .codeExecution),
    ("找出 parse 在哪里使用", .multiStepTask),
    ("Run away with me", .directResponse),
    ("I run every morning.", .directResponse),
    ("notes.mdというファイルを作って、内容は牛乳", .fileOperation),
    ("「メモ.md」を読んで", .fileOperation),
    ("notes.mdを消して", .fileOperation),
    ("ファイルの一覧を見せて", .multiStepTask),
    ("make testを走らせて", .codeExecution),
    ("创建文件 notes.md,内容是牛奶", .fileOperation),
    ("删除 notes.md", .fileOperation),
    ("读取笔记.md", .fileOperation),
    ("列出文件", .multiStepTask),
    ("运行 make test", .codeExecution),
    ("我每天跑步。", .directResponse),
  ])
  func `keywords decide which way a message takes`(text: String, action: Intent.Action) {
    #expect(IntentRules.intent(of: text).action == action)
  }

  @Test func `files and quoted phrases are found once each, in order`() {
    let intent = IntentRules.intent(
      of: "Compare a.txt, src/b.swift and a.txt with “the plan” and \"the plan\" at example.com. See 3.5.")
    #expect(intent.files == ["a.txt", "src/b.swift"])
    #expect(intent.entities == ["the plan"])
  }

  @Test func `every combination of profile, complexity and target has its way`() {
    for profile in Intent.Profile.allCases {
      for complexity in Intent.Complexity.allCases {
        for files in [[], ["a.txt"]] {
          #expect(
            IntentRules.action(profile: profile, complexity: complexity, files: files, runsCode: true)
              == .codeExecution)
          let action = IntentRules.action(
            profile: profile, complexity: complexity, files: files, runsCode: false)
          let expected: Intent.Action =
            switch (profile, files.isEmpty, complexity) {
            case (.analysis, _, _), (.search, _, _): .multiStepTask
            case (.creation, false, _), (.modification, false, _), (.information, false, _): .fileOperation
            case (.creation, true, .low), (.modification, true, .low): .directResponse
            case (.creation, true, _), (.modification, true, _): .multiStepTask
            default: .directResponse
            }
          #expect(action == expected, "\(profile) \(complexity) \(files)")
        }
      }
    }
  }
}

struct IntentJudgementTests {
  @Test func `an answer of the schema's form is read, whatever the numbers`() {
    let answer: JSONValue = [
      "profile": "creation", "complexity": "high", "confidence": 7, "runsCode": false,
      "files": ["b.md", "not there.md"], "entities": ["tea"],
      "secondary": ["search", "creation", "nonsense"],
    ]
    let intent = IntentJudgement.intent(from: answer, message: "Put it into a.txt and b.md")
    #expect(intent?.action == .fileOperation)
    #expect(intent?.confidence == 1)
    #expect(intent?.files == ["a.txt", "b.md"])
    #expect(intent?.secondary == [.search])
    #expect(intent?.method == .model)
  }

  @Test(
    arguments: [
      .null, [], "x", [:], ["profile": "dance", "complexity": "low", "confidence": 1],
      ["profile": "search", "complexity": "low"],
      ["profile": "search", "complexity": "low", "confidence": "high"],
      ["profile": "search", "complexity": "low", "confidence": .number(.nan)],
    ] as [JSONValue])
  func `anything else is no intent`(answer: JSONValue) {
    #expect(IntentJudgement.intent(from: answer, message: "m") == nil)
  }

  @Test(arguments: ["Hello", "Summarise a.txt", "run the tests", "Write a long essay"])
  func `an intent told as an answer is read back`(text: String) {
    var intent = IntentRules.intent(of: text)
    let read = IntentJudgement.intent(from: IntentJudgement.answer(for: intent), message: text)
    intent.method = .model
    #expect(read == intent)
  }
}
