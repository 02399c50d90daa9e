import ExampleSupport

/// The options of a command and their values: each with one, and once, but for `--json`.
struct OptionValues {
  private var values: [String: String] = [:]
  private(set) var printsJSON = false

  /// - Parameter names: the options that have a value.
  init(_ arguments: ArraySlice<String>, names: Set<String>) throws(UsageError) {
    var rest = arguments
    while let argument = rest.popFirst() {
      guard argument != "--json" else {
        printsJSON = true
        continue
      }
      guard names.contains(argument) else {
        throw UsageError("There is no option \(argument). \(Invocation.usage)")
      }
      guard let value = rest.popFirst(), !value.hasPrefix("--") else {
        throw UsageError("\(argument) needs a value. \(Invocation.usage)")
      }
      guard values.updateValue(value, forKey: argument) == nil else {
        throw UsageError("\(argument) is given twice. \(Invocation.usage)")
      }
    }
  }

  /// The value of an option; `nil` where it is not given.
  subscript(_ name: String) -> String? { values[name] }

  /// The values of two options that must be given.
  func both(_ first: String, _ second: String) throws(UsageError) -> (String, String) {
    guard let one = values[first], let other = values[second] else {
      throw UsageError("Both \(first) and \(second) are needed. \(Invocation.usage)")
    }
    return (one, other)
  }

  /// A whole number greater than 0.
  func count(_ name: String) throws(UsageError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let number = Int(text), (1...1_000_000_000).contains(number) else {
      throw UsageError("\(name) needs a whole number greater than 0. \(Invocation.usage)")
    }
    return number
  }
}
