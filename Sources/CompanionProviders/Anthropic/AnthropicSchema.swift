import CompanionDomain

/// A JSON schema in the form that structured outputs take.
///
/// Objects are closed, and `oneOf` becomes `anyOf`. What the API refuses, such as `minimum`, goes into the
/// description, where the model reads it. Whatever follows the result in these points follows the original.
///
/// Source: Anthropic's guide on structured outputs, "JSON Schema limitations".
enum AnthropicSchema {
  private static let plainKeys: Set = [
    "type", "enum", "const", "title", "required", "default", "$ref",
  ]
  private static let mapKeys: Set = ["properties", "$defs", "definitions"]
  private static let listKeys: Set = ["anyOf", "allOf", "oneOf"]
  private static let uselessKeys: Set = ["$schema", "$id", "additionalProperties", "description"]
  private static let formats: Set = [
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
  ]

  static func closed(_ schema: JSONValue) -> JSONValue {
    guard case .object(let members) = schema else { return schema }
    var result: [String: JSONValue] = [:]
    var rest: [String: JSONValue] = [:]
    for (key, value) in members {
      switch (key, value) {
      case _ where plainKeys.contains(key): result[key] = value
      case (_, .object(let parts)) where mapKeys.contains(key): result[key] = .object(parts.mapValues(closed))
      case (_, .array(let parts)) where listKeys.contains(key):
        result[key == "oneOf" ? "anyOf" : key] = .array(parts.map(closed))
      case ("items", .object): result[key] = closed(value)
      case ("format", .string(let name)) where formats.contains(name): result[key] = value
      case ("minItems", .integer(0...1)): result[key] = value
      case _ where uselessKeys.contains(key): break
      default: rest[key] = value
      }
    }
    if isOfObjects(members) { result["additionalProperties"] = false }
    let words = [members["description"]?.string, rest.isEmpty ? nil : JSONValue.object(rest).jsonText]
    let description = words.compactMap(\.self).joined(separator: "\n\n")
    if !description.isEmpty { result["description"] = .string(description) }
    return .object(result)
  }

  private static func isOfObjects(_ members: [String: JSONValue]) -> Bool {
    let types = members["type"]?.array ?? members["type"].map { [$0] } ?? []
    return types.contains("object") || members["properties"] != nil
  }
}
