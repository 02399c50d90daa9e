import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

/// The `reasoning-jobs` program, run as a person runs it.
struct ReasoningProgramTests {
  private static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Program {
    try Program.start("reasoning-jobs", arguments, environment: environment)
  }

  private static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Program.Result {
    await (try start(arguments, environment: environment)).end()
  }

  /// What a server that runs jobs has been asked.
  private final class Desk: Sendable {
    struct Seen: Sendable {
      var keys: [String] = []
      var polls = 0
      var cancels = 0
      var secrets: Set<String> = []
      var isDone = false
      /// The status of every answer but to a hand-over; what is asked then does nothing.
      var refusal: Int?
    }

    private let state = Mutex(Seen())

    var seen: Seen { state.withLock(\.self) }

    func finishJob() { state.withLock { $0.isDone = true } }

    func refuse(with status: Int?) { state.withLock { $0.refusal = status } }

    func answer(_ request: LoopbackRequest, _ connection: LoopbackConnection) throws {
      let (status, response) = state.withLock { state in
        state.secrets.insert(request.headers["authorization"] ?? "")
        if request.path != "/v1/responses", let refusal = state.refusal {
          return (refusal, OpenAIScript.error("no"))
        }
        return (200, answer(request, &state))
      }
      try connection.respond(
        status, ["Content-Type": "application/json", "openai-poll-after-ms": "50"], response)
    }

    private func answer(_ request: LoopbackRequest, _ state: inout Seen) -> String {
      switch (request.method, request.path) {
      case ("POST", "/v1/responses"):
        state.keys.append(request.headers["idempotency-key"] ?? "")
        return ResponsesScript.response(status: "queued")
      case ("GET", "/v1/responses/resp_1"):
        state.polls += 1
        return state.isDone
          ? ResponsesScript.answer(text: "Because of Rayleigh.")
          : ResponsesScript.response(status: state.cancels > 0 ? "cancelled" : "in_progress")
      case ("POST", "/v1/responses/resp_1/cancel"):
        state.cancels += 1
        return ResponsesScript.response(status: "cancelled")
      default: return ResponsesScript.response(status: "failed")
      }
    }
  }

  /// Runs a body with the program's options for a server and a store of its own, and what the server sees.
  private static func withServer(
    _ body: (_ options: [String], LoopbackServer, Desk) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let desk = Desk()
      let server = try LoopbackServer { try desk.answer($0, $1) }
      let options = [
        "--store", "\(folder)/jobs.db", "--model", "thinker", "--api", "openai-responses",
        "--base-url", server.url("/v1").absoluteString, "--api-key-env", "REASONING_TEST_KEY",
      ]
      try await body(options, server, desk)
    }
  }

  private static let key = ["REASONING_TEST_KEY": "sk-very-secret"]

  /// Starts a job, and waits until the provider has been asked after it.
  private static func startJob(
    _ options: [String], _ server: LoopbackServer
  ) async throws -> (program: Program, id: String) {
    let program = try start(
      ["start", "Why is the sky blue?", "--effort", "high"] + options, environment: key)
    let id = await program.output { $0.contains("\n") }
    await server.wait { $0.requests >= 4 }
    return (program, id.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM])
  func `a job outlives the program: the next one asks after it, and hands nothing over again`(
    signal: Int32
  ) async throws {
    try await Self.withServer { options, server, desk in
      let (program, id) = try await Self.startJob(options, server)
      program.send(signal)
      let first = await program.end()
      #expect(first.status == 128 + signal)
      if signal != SIGKILL { #expect(first.complaints.contains("The jobs go on when")) }
      desk.finishJob()

      let second = try await Self.run(["wait", String(id.suffix(6))] + options, environment: Self.key)
      #expect(second.status == 0 && second.output == "Because of Rayleigh.\n", "\(second.complaints)")
      #expect(desk.seen.keys.count == 1 && desk.seen.cancels == 0)
      #expect(desk.seen.secrets == ["Bearer sk-very-secret"])
      let result = try await Self.run(["result", id] + options, environment: Self.key)
      #expect(result.status == 0 && result.output == second.output)
      for text in [first.output, first.complaints, second.complaints, result.complaints] {
        #expect(!text.contains("sk-very"))
      }
    }
  }

  @Test func `a cancel reaches the provider, although the program that started the job is gone`() async throws
  {
    try await Self.withServer { options, server, desk in
      let (program, id) = try await Self.startJob(options, server)
      program.send(SIGINT)
      _ = await program.end()
      // Without its provider it could only be forgotten, and paid for.
      let blind = try await Self.run(["cancel", id] + options.prefix(2))
      #expect(blind.status == 64 && blind.complaints.contains("thinker"))
      #expect(desk.seen.cancels == 0)
      let cancelled = try await Self.run(["cancel", id] + options, environment: Self.key)
      #expect(cancelled.status == 0 && cancelled.complaints.contains("is cancelled"))
      #expect(desk.seen.cancels == 1 && desk.seen.keys.count == 1)
      let result = try await Self.run(["result", id] + options, environment: Self.key)
      #expect(result.status == 2 && result.output.isEmpty)
      let list = try await Self.run(["list", "--status", "cancelled"] + options, environment: Self.key)
      #expect(list.lines.count == 1 && list.output.hasPrefix(id))
      #expect(try await Self.run(["forget", id] + options, environment: Self.key).status == 0)
      #expect(try await Self.run(["status", id] + options, environment: Self.key).status == 1)
    }
  }

  @Test func `a wait that is over leaves the job to the next one`() async throws {
    try await Self.withServer { options, server, desk in
      let (program, id) = try await Self.startJob(options, server)
      program.send(SIGINT)
      _ = await program.end()
      let wait = try await Self.run(["wait", id, "--timeout", "0.2"] + options, environment: Self.key)
      #expect(wait.status == 3 && wait.complaints.contains("It goes on"))
      desk.finishJob()
      let follow = try await Self.run(["list", "--follow"] + options, environment: Self.key)
      #expect(follow.status == 0 && follow.output.contains("completed"))
      #expect(desk.seen.keys.count == 1)
    }
  }

  @Test func `without a server the offline model answers, several questions side by side`() async throws {
    try await withFolder { folder in
      let environment = ["XDG_DATA_HOME": folder, "HOME": folder]
      let both = try await Self.run(["start", "One?", "Two?"], environment: environment)
      #expect(both.status == 0 && both.output.contains(": One?\n") && both.output.contains(": Two?\n"))
      let stored = try await Self.run(["start", "Three?", "--detach"], environment: environment)
      #expect(stored.status == 0 && stored.lines.count == 1)
      let id = try #require(stored.lines.first)
      let early = try await Self.run(["result", id], environment: environment)
      #expect(early.status == 3 && early.output.isEmpty)
      let status = try await Self.run(["status", id], environment: environment)
      #expect(status.lines.contains("status    started"))
      #expect(try await Self.run(["list", "--follow"], environment: environment).lines.count == 3)
    }
  }

  @Test func `a job that failed at a refused key is taken back, and is the same job at the provider`()
    async throws
  {
    try await Self.withServer { options, server, desk in
      let (program, id) = try await Self.startJob(options, server)
      desk.refuse(with: 401)
      let failed = await program.end()
      #expect(failed.status == 2)
      let hint = "\"reasoning-jobs retry \(id.suffix(6))\" takes it back."
      #expect(failed.complaints.contains(hint))
      for command in ["status", "result", "wait"] {
        let shown = try await Self.run([command, id] + options, environment: Self.key)
        #expect(shown.complaints.contains(hint), "\(command)")
      }
      let list = try await Self.run(["list"] + options, environment: Self.key)
      #expect(list.complaints == "retry ID takes a failed job back.\n")

      desk.refuse(with: nil)
      desk.finishJob()
      let retry = try await Self.run(["retry", String(id.suffix(6))] + options, environment: Self.key)
      #expect(retry.status == 0 && retry.complaints.hasPrefix("Job \(id) is taken back. It goes on"))
      let wait = try await Self.run(["wait", id] + options, environment: Self.key)
      #expect(wait.status == 0 && wait.output == "Because of Rayleigh.\n", "\(wait.complaints)")
      #expect(desk.seen.keys.count == 1)
      let again = try await Self.run(["retry", id] + options, environment: Self.key)
      #expect(again.status == 1 && again.complaints.contains("Job \(id) has not failed: it is completed."))
    }
  }

  @Test func `a provider that refuses the stop is told again, and the person is told so`() async throws {
    try await Self.withServer { options, server, desk in
      let (program, id) = try await Self.startJob(options, server)
      program.send(SIGINT)
      _ = await program.end()
      desk.refuse(with: 401)
      let cancel = try await Self.run(["cancel", id] + options, environment: Self.key)
      #expect(cancel.status == 0)
      #expect(cancel.complaints.hasPrefix("Job \(id) is cancelled here. It may still run at thinker"))
      let again = try await Self.run(["cancel", id] + options, environment: Self.key)
      #expect(again.complaints.contains("had ended already: cancelled."))
      #expect(again.complaints.contains("1 cancelled job is still to be stopped"))
      #expect(desk.seen.cancels == 0)

      desk.refuse(with: nil)
      let follow = try await Self.run(["list", "--follow"] + options, environment: Self.key)
      #expect(follow.status == 0 && follow.complaints.contains("resp_1 does not run at thinker any more."))
      #expect(desk.seen.cancels == 1)
      let last = try await Self.run(["cancel", id] + options, environment: Self.key)
      #expect(last.complaints == "Job \(id) had ended already: cancelled.\n")
    }
  }

  @Test func `the end of an ID that several jobs have is told with their IDs`() async throws {
    try await withFolder { folder in
      let store = ["--store", "\(folder)/jobs.db"]
      let questions = (1...40).map { "Question \($0)?" }
      let ids = try await Self.run(["start", "--detach"] + questions + store).lines
      let ends = Dictionary(grouping: ids) { String($0.suffix(1)) }
      let (end, meant) = try #require(ends.first { (2...5).contains($0.value.count) })
      let ambiguous = try await Self.run(["status", end] + store)
      #expect(ambiguous.status == 1 && ambiguous.output.isEmpty)
      #expect(ambiguous.complaints.contains("\(meant.count) jobs have an ID that ends in \(end): "))
      for id in meant { #expect(ambiguous.complaints.contains(id)) }
      for command in ["status", "cancel", "retry", "wait", "forget", "result"] {
        let unknown = try await Self.run([command, "nothing"] + store)
        #expect(unknown.status == 1 && unknown.complaints.contains("No job's ID ends in nothing."))
      }
      #expect(try await Self.run(["cancel", ids[0]] + store).status == 0)
      let again = try await Self.run(["cancel", ids[0]] + store)
      #expect(again.status == 0 && again.complaints == "Job \(ids[0]) had ended already: cancelled.\n")
    }
  }

  @Test func `what a terminal would obey, or show the other way around, is not in what is shown`()
    async throws
  {
    try await withFolder { folder in
      let store = ["--store", "\(folder)/jobs.db"]
      let question = "What\u{1B}[2J is\r\nnot\u{2028}here\u{202E}deliaf\u{2066}\u{200F}\u{9B}1m?"
      let id = try #require(try await Self.run(["start", "--detach", question] + store).lines.first)
      for command in [
        ["list"], ["status", id], ["list", "--follow"], ["start", "Other?"], ["result", id],
      ] {
        let shown = try await Self.run(command + store)
        let text = shown.output + shown.complaints
        #expect(
          !text.unicodeScalars.contains {
            $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.isBidiControl)
          }, "\(command)")
      }
      #expect(try await Self.run(["list"] + store).lines.count == 2)
      #expect(try await Self.run(["status", id] + store).output.contains("What[2J is not heredeliaf1m?"))
    }
  }

  @Test(arguments: [
    ("[1]", "must be an object"), (#"{"providers": [],}"#, "is not JSON: see line 1, column 18"),
    (#"{"providers": [{"id": "a", "id": "a"}]}"#, "providers[0].id: is there twice: see line 1, column 28"),
    (#"{"providers": [{"id": "a"}]}"#, "providers[0].api: is missing"),
  ])
  func `a configuration that is wrong is told with its file`(text: String, problem: String) async throws {
    try await withFolder { folder in
      let path = "\(folder)/providers.json"
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let result = try await Self.run(["list", "--store", "\(folder)/jobs.db", "--config", path])
      #expect(result.status == 1 && result.complaints == "reasoning-jobs: \(path): \(problem)\n")
    }
  }

  @Test(arguments: [
    [], ["start"], ["start", " "], ["frob"], ["wait"], ["wait", "a", "b"], ["list", "x"],
    ["status", ""], ["cancel", " "], ["retry"], ["retry", ""], ["forget", "\u{A0}"],
    ["status", "a", "--detach"],
    ["start", "?", "--effort", "huge"], ["start", "?", "--deadline", "0"],
    ["start", "?", "--deadline", "nan"],
    ["wait", "a", "--timeout", "-1"], ["list", "--status", "done"], ["list", "--follow=yes"],
    ["list", "--sharp"],
    ["list", "--store"], ["list", "--store="], ["list", "--model", "m"],
    ["list", "--api", "soap", "--model", "m"],
    ["list", "--base-url", "http://localhost"], ["list", "--config", "f", "--model", "m"],
    ["list", "--model", "m", "--base-url", "ftp://localhost"],
    ["list", "--model", "m", "--api-key-env", "REASONING_NO_SUCH_VARIABLE"],
    ["list", "--api", "offline", "--base-url", "http://localhost"],
  ])
  func `a command line that is not understood says why, in one line`(arguments: [String]) async throws {
    try await withFolder { folder in
      let result = try await Self.run(arguments, environment: ["XDG_DATA_HOME": folder, "HOME": folder])
      #expect(result.status == 64 && result.output.isEmpty)
      #expect(result.complaints.hasPrefix("reasoning-jobs: "))
      #expect(result.complaints.count { $0 == "\n" } == 1)
    }
  }
}
