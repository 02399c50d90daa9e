import CompanionDomain

/// The parameters of a tool, as the JSON schema of an object.
struct ToolSchema {
  private var properties: [String: JSONValue] = [:]
  private var required: [JSONValue] = []

  /// The names of the parameters.
  var names: [String] { Array(properties.keys) }

  /// Adds a parameter.
  ///
  /// - Parameters:
  ///   - type: its type in the words of JSON schema.
  ///   - members: what else the schema says of it.
  func adding(
    _ name: String, _ type: String, _ description: String, isRequired: Bool = false,
    _ members: [String: JSONValue] = [:]
  ) -> ToolSchema {
    var schema = self
    let own: [String: JSONValue] = ["type": .string(type), "description": .string(description)]
    schema.properties[name] = .object(own.merging(members) { own, _ in own })
    if isRequired { schema.required.append(.string(name)) }
    return schema
  }

  /// The schema.
  var json: JSONValue {
    [
      "type": "object", "properties": .object(properties), "required": .array(required),
      "additionalProperties": false,
    ]
  }
}
