import Foundation

/// What a command line asks for.
package protocol CommandLineOptions {
  associatedtype Command

  /// How the program is called.
  static var usage: String { get }
  /// What it does, and all its options.
  static var help: String { get }

  /// Reads a command line, without the program's name.
  init(_ line: [String]) throws(UsageError)

  /// What is to be done; `nil` for the help.
  var command: Command? { get }
}

/// A program with commands and options, whose status says how it went.
package protocol CommandLineProgram {
  associatedtype Options: CommandLineOptions

  /// Does what is asked for. What it throws is told, and is a failure.
  static func run(_ command: Options.Command, _ options: Options) async throws -> Status
}

extension CommandLineProgram {
  /// Does what the program's command line asks for, and ends with its status.
  package static func runCommandLine() async -> Never {
    exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  private static func run(_ line: [String]) async -> Status {
    do {
      let options = try Options(line)
      guard let command = options.command else {
        Terminal.show(Options.help)
        return .done
      }
      let status = try await run(command, options)
      guard !Terminal.hasFailed else {
        Terminal.complain("The output cannot be written.")
        return .failed
      }
      return status
    } catch let error as UsageError {
      Terminal.complain("\(error.message) --help tells more.")
      Terminal.tell(Options.usage)
      return .misused
    } catch {
      Terminal.complain("\(error)")
      return .failed
    }
  }
}
