import CompanionDomain
import FoundationEssentials
import Testing

/// Configurations with random changes: they are refused by a field, or they are valid.
struct ConfigurationFuzzTests {
  @Test(arguments: 0..<6 as Range<UInt64>)
  func `whatever is read is valid, and is read again as it was`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var fields: Set<String> = []
    var valid = 0
    for _ in 0..<500 {
      var json = ConfigurationSample.json
      for _ in 0..<Int.random(in: 1...3, using: &random) { json = Self.mutated(json, with: &random) }
      do {
        let configuration = try ProvidersConfiguration(json: json)
        valid += 1
        try configuration.validate()
        #expect(try ProvidersConfiguration(json: configuration.json) == configuration)
        let text = try JSONEncoder().encode(configuration.json)
        #expect(try ProvidersConfiguration(json: text) == configuration)
      } catch let failure as ProviderConfigurationFailure {
        #expect(!failure.problem.isEmpty)
        #expect(!failure.description.contains(Self.key))
        fields.insert(failure.field)
      }
    }
    #expect(fields.count > 20)
    #expect(valid > 20)
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `text with random bytes is no configuration, or a valid one`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let text = try JSONEncoder().encode(ConfigurationSample.json)
    for _ in 0..<1_000 {
      var bytes = Array(text)
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array(#"{}[]",:-019e."#.utf8).randomElement(using: &random) ?? 0, at: place)
        }
      }
      do throws(ProviderConfigurationFailure) {
        let configuration = try ProvidersConfiguration(json: Data(bytes))
        let again = try ProvidersConfiguration(json: configuration.json)
        #expect(again == configuration)
      } catch {
        #expect(!error.problem.isEmpty)
      }
    }
  }

  private static let key = "sk-4fT9xQ2mZ7bL0cV8nR3wKd6Hs1Yp5Jg"

  /// The JSON with a change at a random place: another value, a member or an element less, or one more.
  private static func mutated(_ json: JSONValue, with random: inout SplitMix64) -> JSONValue {
    let staysHere = Int.random(in: 0..<6, using: &random) == 0
    switch json {
    case .object(var members) where !staysHere:
      guard let name = members.keys.sorted().randomElement(using: &random) else { return json }
      switch Int.random(in: 0..<12, using: &random) {
      case 0: members[name] = nil
      case 1: members[name + "s"] = members[name]
      case 2: members[key] = 1
      case 3: members[members.keys.sorted().randomElement(using: &random) ?? name] = members[name]
      default: members[name] = members[name].map { mutated($0, with: &random) }
      }
      return .object(members)
    case .array(var elements) where !staysHere:
      guard let place = elements.indices.randomElement(using: &random) else { return json }
      switch Int.random(in: 0..<8, using: &random) {
      case 0: elements.remove(at: place)
      case 1: elements.append(elements[place])
      default: elements[place] = mutated(elements[place], with: &random)
      }
      return .array(elements)
    case .integer(let number) where Bool.random(using: &random):
      return .integer(number &+ Int64.random(in: -50...50, using: &random))
    case .number(let number) where Bool.random(using: &random):
      return .number(number * Double.random(in: -0.1...3, using: &random))
    default: return values.randomElement(using: &random) ?? .null
    }
  }

  private static let values: [JSONValue] = [
    nil, true, false, 0, 1, -1, 7, 3600, .integer(.max), .integer(.min), 0.5, 1e-9, 1e18, 1e300,
    .number(.nan),
    .number(.infinity), .number(-.infinity), "", "x", "text", "background", "day", "EUR", "USD", "custom",
    "offline", "openai-chat", "http://localhost:1", "http://", .string(key), [], [:], ["env": "A"],
    ["host": "b"], [nil], ["text"], ["kinds": ["image"]], "é\u{0}\u{202E}",
  ]
}
