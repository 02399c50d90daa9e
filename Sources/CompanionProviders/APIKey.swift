import CompanionDomain
import FoundationEssentials

/// A reference to a key: where it is found, never what it is.
///
/// The key is asked for anew at each request, so that a rotated one is used at once, and is kept nowhere.
public struct APIKey: Sendable {
  private let source: String
  private let read: @Sendable () async throws -> String?

  /// The value of an environment variable.
  public static func environment(_ name: String) -> APIKey {
    APIKey(source: "the environment variable \(name)") { ProcessInfo.processInfo.environment[name] }
  }

  /// What a closure returns, such as a keychain's entry; `nil` where there is no key.
  ///
  /// What the closure throws is not passed on, because it may say what it has read.
  public static func provided(by read: @escaping @Sendable () async throws -> String?) -> APIKey {
    APIKey(source: "the host application", read: read)
  }

  /// The key.
  ///
  /// - Throws: `authentication` when there is none, or none that can be sent in a header; `cancelled` when
  ///   the task was cancelled meanwhile. The message names the source and nothing of the key.
  func secret() async throws(ProviderFailure) -> String {
    let secret: String?
    do {
      secret = try await read()
    } catch is CancellationError {
      throw ProviderFailure(.cancelled)
    } catch {
      throw ProviderFailure(.authentication, message: "the key from \(source) could not be read")
    }
    guard let secret, !secret.allSatisfy(\.isWhitespace) else {
      throw ProviderFailure(.authentication, message: "there is no key in \(source)")
    }
    // A line break in a header's value would begin another header.
    guard secret.unicodeScalars.allSatisfy({ (0x20...0x7e).contains($0.value) }) else {
      let message = "the key from \(source) has a line break or another character that no key has"
      throw ProviderFailure(.authentication, message: message)
    }
    return secret
  }
}

extension APIKey {
  /// The key that a configuration refers to.
  ///
  /// - Parameter host: asked for a key of the host's by its name; `nil` where there is none.
  init(_ reference: SecretReference, host: @escaping @Sendable (String) async throws -> String?) {
    switch reference {
    case .environment(let name): self = .environment(name)
    case .host(let name): self.init(source: reference.description) { try await host(name) }
    }
  }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Where the key is found.
  public var description: String { "APIKey from \(source)" }

  /// Where the key is found.
  public var debugDescription: String { description }

  /// Where the key is found, and nothing else: what a closure has captured stays hidden.
  public var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
