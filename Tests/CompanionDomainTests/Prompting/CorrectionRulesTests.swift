import CompanionDomain
import Testing

struct CorrectionRulesTests {
  @Test(arguments: [
    "No, my sister is called Mio, not Mia.", "Actually, it's on Tuesday.",
    "My name is spelled Anna, not Ana.",
    "I meant the blue one.", "That's wrong, I live in Kyoto.", "Call me Jo, not Joanna!",
    "It’s Mio, not Mia.",
    "You mixed up the two projects.", "違います、妹の名前はミオです。", "妹はミアじゃなくてミオです。", "正しくは三月です。",
    "火曜ではなく水曜です。", "いや、それは先週の話です。", "不对，我妹妹叫米奥。", "不是米娅，是米奥。", "你记错了，是星期三。",
    "我说的是上海,而不是北京。",
  ])
  func `a correction is found, word for word`(text: String) {
    #expect(CorrectionRules.corrections(in: text) == [text])
    #expect(CorrectionRules.corrections(in: "Hm. \(text)").last?.contains(text) == true)
  }

  @Test(arguments: [
    "No, thanks.", "No problem!", "No, that's fine.", "Is it Mio, not Mia?", "It is good, not only for you.",
    "My sister is called Mio.", "I like tea.", "いいえ、大丈夫です。", "これだけではなく、他も好きです。", "不错!", "是不是明天?",
    "不用了，谢谢。", "こんにちは。", "你好。", "", "Note 12, not 13", "It's hot, not too bad though.",
  ])
  func `what corrects nothing is no correction`(text: String) {
    #expect(CorrectionRules.corrections(in: text).isEmpty)
  }

  @Test func `a bare refusal brings the next sentence with it`() {
    #expect(
      CorrectionRules.corrections(in: "No. She is called Mio. Bye.") == ["No. She is called Mio."])
    #expect(CorrectionRules.corrections(in: "違います。妹はミオです。") == ["違います。 妹はミオです。"])
    #expect(CorrectionRules.corrections(in: "No.").isEmpty)
    #expect(CorrectionRules.corrections(in: "No. Why?").isEmpty)
  }

  @Test func `what is too long to be a sentence is none`() {
    #expect(CorrectionRules.corrections(in: "No, " + String(repeating: "a ", count: 400)).isEmpty)
    let long = String(repeating: "x", count: 1_000_000)
    #expect(CorrectionRules.corrections(in: long).isEmpty)
  }
}
