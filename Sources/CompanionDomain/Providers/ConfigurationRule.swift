import FoundationEssentials

/// Something that must hold for a field of a configuration.
struct ConfigurationRule {
  private let field: String
  private let holds: Bool
  private let problem: String

  init(_ field: String, _ holds: Bool, _ problem: String) {
    self.field = field
    self.holds = holds
    self.problem = problem
  }

  /// Throws the first of the rules that does not hold.
  static func check(_ rules: [ConfigurationRule]) throws(ProviderConfigurationFailure) {
    guard let broken = rules.first(where: { !$0.holds }) else { return }
    throw ProviderConfigurationFailure(field: broken.field, problem: broken.problem)
  }
}

extension ConfigurationRule {
  static func positive(_ field: String, _ value: Int?) -> ConfigurationRule {
    ConfigurationRule(field, value.map { $0 > 0 } ?? true, "must be at least 1")
  }

  static func positive(_ field: String, _ value: Double?) -> ConfigurationRule {
    ConfigurationRule(field, value.map { $0 > 0 && $0.isFinite } ?? true, "must be a number above 0")
  }

  static func notNegative(_ field: String, _ value: Double?) -> ConfigurationRule {
    ConfigurationRule(field, value.map { $0 >= 0 && $0.isFinite } ?? true, "must be a number, 0 or above")
  }

  /// The longest time is some thirty years: it is written exactly, and added to any date of today.
  static func positive(_ field: String, _ value: Duration?) -> ConfigurationRule {
    ConfigurationRule(
      field, value.map { $0 >= .microseconds(1) && $0 <= .seconds(1_000_000_000) } ?? true,
      "must be a time above 0, and at most 1000000000 s")
  }

  /// A text that is not empty, and has nothing in it that cannot be seen.
  static func written(_ field: String, _ text: String?) -> ConfigurationRule {
    let hidden: [Unicode.GeneralCategory] = [.control, .format, .lineSeparator, .paragraphSeparator]
    let holds = text.map { text in
      !text.isBlank
        && text.unicodeScalars.allSatisfy { !hidden.contains($0.properties.generalCategory) }
    }
    return ConfigurationRule(field, holds ?? true, "must be a text without control characters, and not empty")
  }

  /// A name that stands for something else; white space has no place in it.
  static func name(_ field: String, _ text: String?) -> ConfigurationRule {
    let holds = text.map { text in
      !text.isEmpty
        && text.unicodeScalars.allSatisfy {
          !$0.properties.isWhitespace && ![.control, .format].contains($0.properties.generalCategory)
        }
    }
    return ConfigurationRule(
      field, holds ?? true, "must be a name without white space or control characters, and not empty")
  }

  /// A text in a place where a key may have been written by mistake.
  static func noSecret(_ field: String, _ text: String?) -> ConfigurationRule {
    ConfigurationRule(
      field, text.map { !SecretShape.isSecret($0) } ?? true,
      "looks like a key, which does not belong in a configuration")
  }

  /// An address that requests can be sent to.
  static func address(_ field: String, _ text: String?) -> [ConfigurationRule] {
    guard let text else { return [] }
    let components = URLComponents(string: text, encodingInvalidCharacters: false)
    let isHTTP = ["http", "https"].contains(components?.scheme?.lowercased())
    let host = components?.host ?? ""
    let isReachable = !host.isEmpty && (components?.port.map { (1...65_535).contains($0) } ?? true)
    let hasUser = components?.user != nil || components?.password != nil
    let names = (components?.queryItems ?? []).map(\.name)
    return [
      ConfigurationRule(
        field, !hasUser, "must not have a user or a password in it: refer to a key with api_key"),
      ConfigurationRule(
        field, !names.contains(where: SecretShape.isSecretName),
        "must not have a key in it: refer to it with api_key"),
      ConfigurationRule(
        field, isHTTP && isReachable && components?.fragment == nil,
        "must be an address such as https://api.example.com/v1: http or https, a host, and no fragment"),
    ]
  }
}
