import CompanionKit
import Foundation
import LoopbackServer
import Synchronization
import Testing

/// The `companion-eval` program, run as a person runs it.
struct EvaluationTests {
  /// Judges 20 documents and a query, with vectors of a server.
  private static func retrieval(
    by server: CountingServer, relevant: String = "\"d1\""
  ) async throws -> Program.Result {
    try await withFolder { folder in
      let corpus = (1...20).map { #"{"id":"d\#($0)","text":"Plum \#($0) is ripe."}"# }
      try EmbeddingRunnerTests.write(corpus.joined(separator: "\n"), to: "\(folder)/c.jsonl")
      try EmbeddingRunnerTests.write(
        #"{"id":"q1","text":"Which plum?","relevant":[\#(relevant)]}"#, to: "\(folder)/q.jsonl")
      return await
        (try Program.start(
          "companion-eval",
          [
            "retrieval", "--corpus", "\(folder)/c.jsonl", "--queries", "\(folder)/q.jsonl", "--model", "m",
            "--embeddings", server.url,
          ])).end()
    }
  }

  @Test func `a service that limits the rate, or fails once, is asked again, and all is measured`()
    async throws
  {
    let requests = Mutex(0)
    let server = try CountingServer { texts, connection in
      let number = requests.withLock { number in
        number += 1
        return number
      }
      switch number {
      case 1: try connection.respond(429, [:], OpenAIScript.error("slow down"))
      case 3: try connection.respond(503, ["retry-after": "0"], OpenAIScript.error("busy"))
      case 4: try connection.respond(200, [:], EmbeddingScript.answer(to: Array(texts.dropLast())))
      default: return false
      }
      return true
    }
    let result = try await Self.retrieval(by: server)
    #expect(result.status == 0 && result.output.contains("vectors alone"), "\(result.complaints)")
    #expect(result.complaints.contains("Asked again in 1 s, 1 of 8 times."))
    #expect(server.texts.count == 21)
  }

  @Test func `where a text has no vector no figure is printed, and the text is named`() async throws {
    let server = try CountingServer { texts, connection in
      guard texts.contains("Plum 7 is ripe.") else { return false }
      try connection.respond(
        200, [:], EmbeddingScript.answer(items: texts.map { _ in EmbeddingScript.item(nil, "[1,NaN]") }))
      return true
    }
    let result = try await Self.retrieval(by: server)
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.complaints.contains("1 of 21 texts have no vector, and no figures are printed"))
    #expect(result.complaints.contains("  document d7: "), "\(result.complaints)")
  }

  @Test func `vectors of other sizes, or of zeros alone, are told with whose they are`() async throws {
    let sizes = try CountingServer { texts, connection in
      guard texts.contains("Plum 1 is ripe.") else { return false }
      let items = texts.map { text in
        let vector = EmbeddingScript.vector(of: text, dimension: text == "Plum 1 is ripe." ? 17 : 32)
        return EmbeddingScript.item(nil, EmbeddingScript.numbers(vector))
      }
      try connection.respond(200, [:], EmbeddingScript.answer(items: items))
      return true
    }
    let odd = try await Self.retrieval(by: sizes)
    #expect(odd.status == 1 && odd.output.isEmpty)
    #expect(odd.complaints.contains("of 21, 20 have 32 numbers"), "\(odd.complaints)")
    #expect(odd.complaints.contains("1 have 17 numbers, such as that of document d1."))
    let zeros = try CountingServer { texts, connection in
      try connection.respond(
        200, [:], EmbeddingScript.answer(items: texts.map { _ in EmbeddingScript.item(nil, "[0,0]") }))
      return true
    }
    let none = try await Self.retrieval(by: zeros)
    #expect(none.status == 1 && none.output.isEmpty && none.complaints.contains("21 of 21 texts"))
    #expect(none.complaints.contains("only zeros"))
  }

  @Test func `a service that fails at everything is not asked for ever`() async throws {
    let requests = Mutex(0)
    let server = try CountingServer { _, connection in
      requests.withLock { $0 += 1 }
      try connection.respond(200, [:], "{}")
      return true
    }
    // The query is by itself; then come the documents.
    let result = try await Self.retrieval(by: server)
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.complaints.contains("8 texts in a row"), "\(result.complaints)")
    #expect(requests.withLock(\.self) < 60)
  }

  @Test func `queries with nothing to find are no measurement`() async throws {
    let result = try await Self.retrieval(by: try CountingServer(), relevant: "")
    #expect(result.status == 65 && result.complaints.contains("no query has a relevant document"))
  }

  /// A matrix as NumPy saves it.
  private static func matrix(_ rows: [[Float]]) -> Data {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows.count), \(rows[0].count)), }\n"
    var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0]) + Data(header.utf8)
    for number in rows.joined() {
      for shift in [0, 8, 16, 24] {
        data.append(UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(shift)))
      }
    }
    return data
  }

  @Test(arguments: [
    ("3", [[1, 0], [0, 1]], [[1, 1]], "has 2 vectors, and --k asks for 3"),
    ("1", [[0, 0], [0, 0]], [[1, 1]], "has only zeros"),
    ("1", [[1, 0], [0, 1]], [[0, 0]], "row 0, counted from 0"),
  ])
  func `vectors that measure nothing are refused`(
    count: String, base: [[Float]], queries: [[Float]], words: String
  ) async throws {
    try await withFolder { folder in
      try EmbeddingRunnerTests.write(Self.matrix(base), to: "\(folder)/b.npy")
      try EmbeddingRunnerTests.write(Self.matrix(queries), to: "\(folder)/q.npy")
      let result = await
        (try Program.start(
          "companion-eval",
          ["vectors", "--base", "\(folder)/b.npy", "--queries", "\(folder)/q.npy", "--k", count])).end()
      #expect(result.status == 65 && result.output.isEmpty, "\(result.complaints)")
      #expect(result.complaints.contains(words), "\(result.complaints)")
    }
  }
}
