import CompanionDomain

/// What the offline model says of its own, in the language it is spoken to.
struct OfflinePhrases {
  private let language: WrittenLanguage

  init(_ language: WrittenLanguage) { self.language = language }

  var notice: String {
    switch language {
    case .english: "(I am the offline model: I can only tell you what you have told me.)"
    case .japanese: "(オフラインモデルです。お話しいただいたことだけをお答えできます。)"
    case .chinese: "(我是离线模型:只能根据你告诉我的内容回答。)"
    }
  }

  var noted: String {
    switch language {
    case .english: "I will keep that in mind."
    case .japanese: "覚えておきます。"
    case .chinese: "我记住了。"
    }
  }

  var unknown: String {
    switch language {
    case .english:
      "I do not know: nothing that I remember says so, and I am the offline model, which knows nothing else."
    case .japanese: "わかりません。覚えている中には出てきておらず、私はオフラインモデルなので、ほかのことは知りません。"
    case .chinese: "我不知道:我记得的内容里没有提到,而我是离线模型,不知道别的内容。"
    }
  }

  var nothingToWorkOn: String {
    switch language {
    case .english:
      "There is nothing in this conversation that I could work on, and the offline model has no other source."
    case .japanese: "この会話には材料がなく、オフラインモデルにはほかの情報源がありません。"
    case .chinese: "这段对话里没有可用的内容,而离线模型没有其他来源。"
    }
  }

  var nothingFound: String {
    switch language {
    case .english: "I found nothing about it in this conversation. The offline model searches nowhere else."
    case .japanese: "この会話には見つかりませんでした。オフラインモデルはほかを探せません。"
    case .chinese: "这段对话里没有找到相关内容。离线模型不会搜索别处。"
    }
  }

  var found: String {
    switch language {
    case .english: "This is what the conversation says about it (offline model, by matching words):"
    case .japanese: "会話の中の関係する箇所です(オフラインモデル、語句の一致による):"
    case .chinese: "对话中与此相关的内容(离线模型,按词语匹配):"
    }
  }

  var summary: String {
    switch language {
    case .english: "The main points of the conversation (offline model, picked sentences):"
    case .japanese: "会話の要点です(オフラインモデル、文の抜き出し):"
    case .chinese: "对话要点(离线模型,摘录原句):"
    }
  }

  func greeting(_ name: String?) -> String {
    switch (language, name) {
    case (.english, let name?): "Hello, \(name). I will keep that in mind."
    case (.english, nil): "Hello."
    case (.japanese, let name?): "こんにちは、\(name)さん。覚えておきます。"
    case (.japanese, nil): "こんにちは。"
    case (.chinese, let name?): "你好,\(name)。我记住了。"
    case (.chinese, nil): "你好。"
    }
  }

  func known(_ statements: [String]) -> String {
    let introduction =
      switch language {
      case .english: "This is what I remember:"
      case .japanese: "覚えているのは、次のことです。"
      case .chinese: "我记得这些:"
      }
    return ([introduction] + statements.map { "- \($0)" }).joined(separator: "\n")
  }

  func quote(_ statement: String) -> String {
    switch language {
    case .english: "You told me: “\(statement)”"
    case .japanese: "こう伺いました:「\(statement)」"
    case .chinese: "你告诉过我:“\(statement)”"
    }
  }
}
