/// A part of a configuration that is an object in JSON.
protocol ConfigurationPart {
  /// The names of its members, as they are written.
  associatedtype Member: RawRepresentable<String>, CaseIterable, Hashable

  /// What is said where something else than an object is found.
  static var expectation: String { get }

  /// Reads the members. Whether their values make sense is for the rules to say.
  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure)

  /// The members, as they are read again; `nil` for what is not written.
  var members: [Member: JSONValue?] { get }
}

extension ConfigurationPart {
  static var expectation: String { "must be an object" }
}

/// Reads the members of one object of a configuration; those that nobody knows are refused.
///
/// A member that is `null` is one that is not there. No failure quotes a value: it may be a secret.
struct ConfigurationReader<Member: RawRepresentable<String> & CaseIterable & Hashable> {
  private let members: [String: JSONValue]

  private init(
    _ json: JSONValue, expecting expectation: String
  ) throws(ProviderConfigurationFailure) {
    guard case .object(let members) = json else {
      throw ProviderConfigurationFailure(field: "", problem: expectation)
    }
    self.members = members
    let known = Member.allCases.map(\.rawValue)
    guard let unknown = members.keys.filter({ !known.contains($0) }).min() else { return }
    let isSecret = SecretShape.isSecretName(unknown)
    let problem =
      isSecret
      ? SecretReference.expectation
      : "there is no such member; there are \(known.sorted().joined(separator: ", "))"
    throw ProviderConfigurationFailure(
      field: SecretShape.isQuotable(unknown) ? unknown : "", problem: problem)
  }

  /// Reads a part, and says where it is when that fails.
  static func read<Part: ConfigurationPart>(
    _ json: JSONValue, at path: String = ""
  ) throws(ProviderConfigurationFailure) -> Part where Part.Member == Member {
    do throws(ProviderConfigurationFailure) {
      return try Part(ConfigurationReader(json, expecting: Part.expectation))
    } catch {
      throw error.inside(path)
    }
  }
}

extension ConfigurationReader {
  /// A member that must be there.
  func required<Value>(
    _ member: Member, _ value: @autoclosure () throws(ProviderConfigurationFailure) -> Value?
  ) throws(ProviderConfigurationFailure) -> Value {
    guard let value = try value() else {
      throw ProviderConfigurationFailure(field: member.rawValue, problem: "is missing")
    }
    return value
  }

  func string(_ member: Member) throws(ProviderConfigurationFailure) -> String? {
    try value(of: member, "must be a string", \.string)
  }

  func bool(_ member: Member) throws(ProviderConfigurationFailure) -> Bool? {
    try value(of: member, "must be true or false") { json in
      if case .bool(let value) = json { value } else { nil }
    }
  }

  func number(_ member: Member) throws(ProviderConfigurationFailure) -> Double? {
    try value(of: member, "must be a number", \.number)
  }

  func integer(_ member: Member) throws(ProviderConfigurationFailure) -> Int? {
    try value(of: member, "must be a whole number") { json in
      if case .integer(let value) = json { return Int(exactly: value) }
      return json.number.flatMap(Int.init(exactly:))
    }
  }

  /// A number of units of time; one that no rule would pass is brought to where it fits.
  func duration(_ member: Member, unit: Duration) throws(ProviderConfigurationFailure) -> Duration? {
    try number(member).map { number in
      let microseconds = (number * (unit / .microseconds(1))).rounded()
      return .microseconds(Int64(exactly: min(max(microseconds, -1), 1e18)) ?? -1)
    }
  }

  /// One of the names of an enumeration.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ member: Member
  ) throws(ProviderConfigurationFailure) -> Choice? {
    try value(of: member, Self.expectation(of: Choice.self)) { $0.string.flatMap(Choice.init(rawValue:)) }
  }

  func choices<Choice: RawRepresentable<String> & CaseIterable & Hashable>(
    _ member: Member
  ) throws(ProviderConfigurationFailure) -> Set<Choice>? {
    try value(of: member, "must be an array; each element \(Self.expectation(of: Choice.self))") { json in
      guard let elements = json.array else { return nil }
      let choices = elements.compactMap { $0.string.flatMap(Choice.init(rawValue:)) }
      return choices.count == elements.count ? Set(choices) : nil
    }
  }

  func part<Part: ConfigurationPart>(_ member: Member) throws(ProviderConfigurationFailure) -> Part? {
    guard let json = json(of: member) else { return nil }
    return try ConfigurationReader<Part.Member>.read(json, at: member.rawValue)
  }

  func parts<Part: ConfigurationPart>(_ member: Member) throws(ProviderConfigurationFailure) -> [Part]? {
    guard let elements = try value(of: member, "must be an array", \.array) else { return nil }
    var parts: [Part] = []
    for (place, element) in elements.enumerated() {
      parts.append(try ConfigurationReader<Part.Member>.read(element, at: "\(member.rawValue)[\(place)]"))
    }
    return parts
  }

  private func json(of member: Member) -> JSONValue? {
    guard let json = members[member.rawValue], json != .null else { return nil }
    return json
  }

  private func value<Value>(
    of member: Member, _ expectation: String, _ convert: (JSONValue) -> Value?
  ) throws(ProviderConfigurationFailure) -> Value? {
    guard let json = json(of: member) else { return nil }
    guard let value = convert(json) else {
      throw ProviderConfigurationFailure(field: member.rawValue, problem: expectation)
    }
    return value
  }

  private static func expectation<Choice: RawRepresentable<String> & CaseIterable>(
    of choice: Choice.Type
  ) -> String {
    "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))"
  }
}

extension JSONValue {
  /// The JSON that a part is read from.
  init<Part: ConfigurationPart>(configuration part: Part) {
    let members = part.members.compactMap { member, value in value.map { (member.rawValue, $0) } }
    self = .object(Dictionary(members) { first, _ in first })
  }

  /// A time in a unit, to the microsecond.
  init(_ duration: Duration, unit: Duration) {
    let units = (Double(duration.nanoseconds) / 1_000).rounded() / (unit / .microseconds(1))
    self = Int64(exactly: units).map(JSONValue.integer) ?? .number(units)
  }
}
