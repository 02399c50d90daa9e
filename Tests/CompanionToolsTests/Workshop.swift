import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTools
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A workspace in a folder of its own, and a secret beside it.
struct Workshop: Sendable {
  let base: String
  let files: WorkspaceFiles

  var folder: String { "\(base)/workspace" }

  static let secret = "the secret"

  /// Makes a workspace, and removes it when the body is done.
  static func with(
    limits: WorkspaceFileLimits = WorkspaceFileLimits(), rules: WorkspaceFileRules = .standard,
    time: any TimeSource = .system, random: any RandomSource = .system,
    _ body: (Workshop) async throws -> Void
  ) async throws {
    let base = FileManager.default.temporaryDirectory.path + "/tools-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: "\(base)/workspace", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: base) }
    try Data(secret.utf8).write(to: URL(filePath: "\(base)/secret.txt"))
    let files = try WorkspaceFiles(
      folder: "\(base)/workspace", limits: limits, rules: rules, time: time, random: random)
    try await body(Workshop(base: base, files: files))
  }

  func tool(_ name: String) throws -> any Tool {
    guard let tool = files.tools.first(where: { $0.description.name == name }) else {
      throw ToolFailure.unavailable(name)
    }
    return tool
  }

  @discardableResult
  func call(_ name: String, _ arguments: JSONValue) async throws -> String {
    try await tool(name).call(arguments).content
  }

  /// Why a call fails; `nil` when it does not.
  func failure(_ name: String, _ arguments: JSONValue) async throws -> ToolFailure? {
    do {
      _ = try await tool(name).call(arguments)
      return nil
    } catch let failure as ToolFailure { return failure }
  }

  /// Puts a file into the workspace.
  func put(_ text: String, at path: String) throws { try put(Data(text.utf8), at: path) }

  func put(_ data: Data, at path: String) throws {
    let url = URL(filePath: "\(folder)/\(path)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(path)", withDestinationPath: target)
  }

  func text(at path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(path)")), as: UTF8.self)
  }

  /// The number that a program has written into a file; 0 for none.
  func number(at path: String) throws -> Int32 {
    Int32(try text(at: path).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  /// How many files this process has open.
  static func openFiles() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").count
  }

  /// Everything in the workspace and beside it.
  func world() throws -> String {
    guard let all = FileManager.default.enumerator(atPath: base) else { return "" }
    let paths = all.compactMap { $0 as? String }.sorted()
    return paths.map { path in
      let data = FileManager.default.contents(atPath: "\(base)/\(path)")
      return "\(path): \(data.map { String(decoding: $0, as: UTF8.self) } ?? "-")"
    }.joined(separator: "\n")
  }
}

/// The system's functions that only need a path.
enum PathCall {
  static func makePipe(_ path: String) -> Bool { unsafe mkfifo(path, 0o600) == 0 }
  static func makeHardLink(_ path: String, to other: String) -> Bool { unsafe link(other, path) == 0 }
  /// A device that is always there and holds nothing; only the system's administrator may make it.
  static func makeDevice(_ path: String) -> Bool {
    var null = stat()
    guard unsafe stat("/dev/null", &null) == 0 else { return false }
    return unsafe mknod(path, S_IFCHR | 0o666, null.st_rdev) == 0
  }
  static func makeSocket(_ path: String) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    #if canImport(Glibc)
      let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let socket = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    defer { close(socket) }
    return unsafe withUnsafeBytes(of: &address) { raw in
      guard let start = raw.baseAddress else { return false }
      return unsafe bind(
        socket, start.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) == 0
    }
  }
  static func setRights(_ path: String, _ rights: mode_t) { _ = unsafe chmod(path, rights) }
  static func exchange(_ path: String, with other: String) { _ = unsafe rename(path, other) }
  static func makeLink(_ path: String, to target: String) { _ = unsafe symlink(target, path) }
  static func remove(_ path: String) { _ = unsafe unlink(path) }
  static var isRoot: Bool { geteuid() == 0 }
  static func isRunning(_ number: Int32) -> Bool { kill(number, 0) == 0 }
}
