/// Finds out whether somebody asks what is remembered of them, rather than about anything in particular.
enum WhatIsKnown {
  /// Whether a question is "What do you know about me?", 「私のことを何か覚えていますか」 or “你知道我的什么” in other words.
  static func isAsked(in question: String) -> Bool {
    let text = question.lowercased()
    return all.contains { words in
      words.allSatisfy { alternatives in alternatives.contains(where: text.contains) }
    }
  }

  /// One of each row has to be there, for any of the questions.
  private static let all: [[[String]]] = [
    [["know", "remember", "learned", "learnt"], ["about me", "of me", "about myself"]],
    [["what do you remember", "what have you remembered", "do you remember me", "do you know me"]],
    [["私", "僕", "俺", "わたし"], ["のこと", "について"], ["知って", "覚えて", "ご存知", "ご存じ"]],
    [["何を覚えて", "何か覚えて"]],
    [["知道", "记得", "了解"], ["我的", "关于我", "对我", "我什么", "我哪些", "我多少"], ["什么", "哪些", "多少", "吗"]],
  ]
}
