import CompanionDomain
import CompanionPorts

/// What people say in the `chat` profile.
enum ChatWords {
  static func text(_ saying: ChatScenario.Saying, _ mark: TextMark) -> String {
    switch saying {
    case .plain: "Good evening to you, \(mark.word). How are you today?"
    case .long: "Good evening, \(mark.word). " + filler(bytes: 2_500)
    case .huge: "Good evening, \(mark.word). " + filler(bytes: 14_000)
    case .work: "Summarise everything about \(mark.word)"
    }
  }

  /// The tool by which a task asks people.
  static let asking = "ask_person"

  /// Whether a message asks for a background task.
  static func isWork(_ text: String) -> Bool { text.hasPrefix("Summarise") }

  private static func filler(bytes: Int) -> String {
    String(repeating: "It was a long day, and much has happened. ", count: bytes / 42 + 1)
  }

  /// A classifier that knows greetings and work.
  static func classifier() async throws(IntentTrainingFailure) -> IntentClassifier {
    let names = ["anna", "ben", "cara", "the garden", "my friend", "all of you"]
    let greetings = names.flatMap { name in
      ["Good evening to you, \(name). How are you today?", "Good evening, \(name). It was a long day."]
    }
    let work = names.flatMap { ["Summarise everything about \($0)", "Summarise all that \($0) said"] }
    return try await IntentClassifier.train(
      on: greetings.map { IntentExample($0, label: "greeting") }
        + work.map { IntentExample($0, label: "work") },
      labels: [
        IntentLabel(name: "greeting", profile: .information, complexity: .low, action: .directResponse),
        IntentLabel(name: "work", profile: .analysis, complexity: .medium, action: .multiStepTask),
      ])
  }
}
