/// A command line, taken apart: words, and options with their values.
package struct Arguments {
  /// An option of a program.
  package struct Flag: Sendable {
    let takesValue: Bool
    let commands: Set<String>

    /// - Parameter commands: the commands that take it; none for all of them.
    package init(takesValue: Bool = true, of commands: Set<String> = []) {
      self.takesValue = takesValue
      self.commands = commands
    }
  }

  /// What is no option, in its order.
  package private(set) var words: [String] = []
  private var values: [String: String] = [:]

  /// Reads a command line, without the program's name. `--help`, or `-h`, is an option of every program.
  ///
  /// - Parameters:
  ///   - commands: what the first word may be.
  ///   - standard: the command where the first word is none of them; it becomes the first word. Without it, the first
  ///     word stays what it is.
  package init(
    _ arguments: [String], flags: [String: Flag], commands: Set<String> = [], standard: String? = nil
  ) throws(UsageError) {
    var flags = flags
    flags["--help"] = Flag(takesValue: false)
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      if argument == "--" {
        words += rest
        break
      }
      // "--flag=value" is the same as "--flag value".
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      let name = parts[0] == "-h" ? "--help" : parts[0]
      guard let flag = flags[name] else { throw UsageError("Unknown option \(parts[0]).") }
      guard flag.takesValue else {
        guard parts.count == 1 else { throw UsageError("\(name) takes no value.") }
        values[name] = ""
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        throw UsageError("\(name) needs a value.")
      }
      values[name] = value
    }
    if let standard, let first = words.first, !commands.contains(first) { words.insert(standard, at: 0) }
    if wantsHelp { return }
    for name in values.keys.sorted() {
      let commands = flags[name]?.commands ?? []
      guard let command = words.first, !commands.isEmpty, !commands.contains(command) else { continue }
      throw UsageError("\(name) does not go with \(command).")
    }
  }

  package var wantsHelp: Bool { values["--help"] != nil }

  /// The value of an option; `nil` where it is not given.
  package subscript(_ name: String) -> String? { values[name] }

  /// Whether an option is given.
  package func has(_ name: String) -> Bool { values[name] != nil }

  /// A number of seconds greater than 0.
  package func seconds(_ name: String) throws(UsageError) -> Duration? {
    guard let text = values[name] else { return nil }
    guard let seconds = Double(text), seconds > 0, seconds <= 1e9 else {
      throw UsageError("\(name) needs a number of seconds greater than 0.")
    }
    return .seconds(seconds)
  }

  /// A whole number greater than 0.
  package func count(_ name: String) throws(UsageError) -> Int? {
    guard let text = values[name] else { return nil }
    guard let count = Int(text), (1...1_000_000_000).contains(count) else {
      throw UsageError("\(name) needs a whole number from 1 to 1000000000.")
    }
    return count
  }
}
