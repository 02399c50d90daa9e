import CompanionDomain

/// Labelled messages to learn from, and others to be judged by, in English, Japanese and Chinese.
enum IntentSamples {
  static let labels = [
    IntentLabel(name: "weather", profile: .information, complexity: .low),
    IntentLabel(name: "alarm", profile: .modification, complexity: .low, action: .multiStepTask),
    IntentLabel(name: "translation", profile: .creation, complexity: .medium),
    IntentLabel(name: "tests", profile: .analysis, complexity: .medium, action: .codeExecution),
    IntentLabel(name: "thanks", profile: .information, complexity: .low, action: .directResponse),
  ]

  static let training = examples([
    "weather": [
      "will it rain tomorrow", "what is the weather like today", "is it going to be sunny this weekend",
      "do I need an umbrella tonight", "how cold will it get in Oslo", "tell me the forecast for Friday",
      "will it snow this week", "what's the temperature outside", "明日は雨が降りますか", "今日の天気を教えて",
      "週末は晴れますか", "傘は必要ですか", "明天会下雨吗", "今天天气怎么样", "周末会不会下雪", "要不要带雨伞",
    ],
    "alarm": [
      "wake me up at seven", "set an alarm for 6 am", "please set the alarm to half past eight",
      "I need an alarm for tomorrow morning", "cancel my alarm", "turn off the alarm for Monday",
      "change the alarm to nine", "put the alarm on for 5:30", "七時に起こして", "目覚ましを六時にセットして",
      "アラームを止めて", "明日の朝アラームをお願い", "七点叫我起床", "把闹钟设在六点", "取消我的闹钟", "明天早上设一个闹钟",
    ],
    "translation": [
      "translate this letter into French", "how do you say good morning in Spanish",
      "what is the German word for bridge", "put this paragraph into Japanese",
      "can you translate hello into Korean", "say thank you in Italian", "I need this text in English",
      "translate the following sentence", "この手紙を英語に翻訳して", "英語でおはようは何と言いますか",
      "この文をフランス語にして", "次の文章を訳して", "把这封信翻译成英文", "早上好用日语怎么说", "请把这句话译成法语", "翻译下面这段文字",
    ],
    "tests": [
      "run the tests again", "execute the unit tests", "do all tests pass", "start the test suite please",
      "run the tests of the parser module", "check whether the tests are green", "rerun the failing tests",
      "could you run our integration tests", "テストを実行して", "単体テストをもう一度走らせて", "テストは全部通りますか",
      "失敗したテストを再実行して", "运行测试", "再跑一遍单元测试", "测试都通过了吗", "重新运行失败的测试",
    ],
    "thanks": [
      "thank you", "thanks a lot", "that was very helpful, thanks", "thank you so much for your help",
      "great, thanks", "many thanks my friend", "thanks, that is all", "I appreciate it, thank you",
      "ありがとう", "ありがとうございました", "助かりました、ありがとう", "どうもありがとう", "谢谢", "非常感谢", "谢谢你的帮助", "太好了谢谢",
    ],
  ])

  static let judged = examples([
    "weather": [
      "is rain expected tomorrow", "Will it be cold this weekend?", "今日は雨が降るかな", "明天的天气怎么样",
    ],
    "alarm": ["set my alarm for 7:15", "Wake me at eight tomorrow", "アラームを七時にセットして", "把闹钟取消"],
    "translation": [
      "translate this sentence into Spanish", "what's the Italian word for water", "この文を英語に訳して", "这句话用英文怎么说",
    ],
    "tests": ["please run the unit tests", "are all tests green", "単体テストを実行して", "再运行一遍测试"],
    "thanks": ["Thanks for the help!", "thank you very much", "本当にありがとう", "谢谢你"],
  ])

  /// Messages that are of no label.
  static let others = [
    "who painted the ceiling of that chapel", "which horse won the derby", "my cousin plays jazz guitar",
    "recommend a novel about whales", "円周率とは何ですか", "猫が好きです", "这家餐厅几点开门", "谁发明了电话",
  ]

  /// What is learnt from the examples: once for all tests, since unoptimised code takes its time.
  static var classifier: IntentClassifier { get async throws { try await learning.value } }

  private static let learning = Task { try await IntentClassifier.train(on: training, labels: labels) }

  private static func examples(_ texts: KeyValuePairs<String, [String]>) -> [IntentExample] {
    // The languages in turn, so that what is held out is of all of them.
    texts.flatMap { label, texts in
      texts.indices.map { IntentExample(texts[$0 * 5 % texts.count], label: label) }
    }
  }
}
