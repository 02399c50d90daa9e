import CompanionDomain
import FoundationEssentials

extension ProviderExchange {
  /// A request's body as JSON, the same for the same value.
  ///
  /// - Throws: `invalidRequest` for a number that JSON does not have.
  static func body(_ value: some Encodable) throws(ProviderFailure) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(value)
    } catch {
      throw ProviderFailure(.invalidRequest, message: "a number of the request cannot be written as JSON")
    }
  }
}

extension JSONValue {
  /// The value as JSON text, its members in the order of their names; `{}` for one that JSON does not have.
  var jsonText: String {
    (try? ProviderExchange.body(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
