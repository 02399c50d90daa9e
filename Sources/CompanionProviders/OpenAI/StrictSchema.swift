import CompanionDomain

extension JSONValue {
  /// Whether this JSON schema may be asked for strictly: an object, and every object in it closed, and all its
  /// properties required. OpenAI refuses the others when they are.
  var isStrictSchema: Bool { self["type"] == "object" && isClosed }

  private var isClosed: Bool {
    switch self {
    case .object(let members):
      if case .object(let properties)? = members["properties"] {
        let required = Set(members["required"]?.array?.compactMap(\.string) ?? [])
        guard members["additionalProperties"] == false, required == Set(properties.keys) else { return false }
      } else if members["type"] == "object" {
        return false
      }
      return members.values.allSatisfy(\.isClosed)
    case .array(let elements): return elements.allSatisfy(\.isClosed)
    default: return true
    }
  }
}
