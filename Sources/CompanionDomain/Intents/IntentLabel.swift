/// A kind of message that a host wants to be recognised, and the intent that it stands for.
public struct IntentLabel: Hashable, Sendable, Codable {
  /// What its examples name it by; no other label of the classifier has the same.
  public var name: String
  /// What kind of help such a message wants.
  public var profile: Intent.Profile
  /// How much work it is.
  public var complexity: Intent.Complexity
  /// Which way such a message takes, whatever it names. With `nil`,
  /// ``IntentRules/action(profile:complexity:files:runsCode:)`` decides by the files that the message names.
  public var action: Intent.Action?

  /// A label of these parts.
  public init(
    name: String, profile: Intent.Profile, complexity: Intent.Complexity, action: Intent.Action? = nil
  ) {
    self.name = name
    self.profile = profile
    self.complexity = complexity
    self.action = action
  }
}

/// A message as a person would write it, and what it is an example of.
public struct IntentExample: Hashable, Sendable, Codable {
  /// The message.
  public var text: String
  /// The name of its label; `nil` for a message that is of none of them.
  public var label: String?

  /// An example of these parts.
  public init(_ text: String, label: String?) {
    self.text = text
    self.label = label
  }
}
