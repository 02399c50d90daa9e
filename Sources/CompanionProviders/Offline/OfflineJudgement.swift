import CompanionDomain

/// Whether the companion should speak up, by rule: only where a person has asked, and nobody has answered.
struct OfflineJudgement {
  let dialogue: [PromptMessage]

  var json: JSONValue {
    let isOpen = dialogue.last.map { last in
      last.role == .user
        && TextAnalysis.sentences(of: last.text).last.map(Question.isAsked(in:)) ?? false
    }
    return isOpen ?? false
      ? [
        "should_respond": true, "confidence": 0.75,
        "reason": "The last message is a question without an answer.",
      ]
      : [
        "should_respond": false, "confidence": 0.9, "reason": "Nobody has asked anything that is still open.",
      ]
  }
}
