import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct EmbeddingServiceConformanceTests {
  @Test(arguments: EmbeddingServiceConformance.checks)
  func `a service that keeps every promise passes`(check: ConformanceCheck<any EmbeddingService>) throws {
    let simulator = Simulator(seed: 1)
    try simulator.run { try await check.run(on: CountingService(), measuredBy: simulator.time) }
  }

  @Test(arguments: [1, 2, .max])
  func `a batch may be of any size`(maximumBatch: Int) throws {
    #expect(try failures(of: CountingService(maximumBatch: maximumBatch)).isEmpty)
  }

  @Test func `a service without a name or room for a text is found`() throws {
    let nameless = try failures(of: CountingService(name: ""))
    #expect(nameless.map(\.check) == ["A service has a name, and takes a text at least"])
    #expect(try failures(of: CountingService(maximumBatch: 0)).first?.found == "0")
  }

  @Test func `vectors that are missing, too many, or none are found`() throws {
    #expect(try found(in: CountingService { $0.dropLast() }) == "7")
    #expect(try found(in: CountingService { $0 + [[1]] }) == "1")
    #expect(try found(in: CountingService { $0.map { _ in [] } }) == "0 and 0 numbers")
  }

  @Test func `vectors of several dimensions are found, in a call and in several`() throws {
    let inOne = CountingService { $0.enumerated().map { $0.offset == 1 ? $0.element + [1] : $0.element } }
    #expect(try failures(of: inOne).first?.expected == "vectors of one dimension")
    let inSeveral = CountingService { $0.count == 1 ? $0.map { $0 + [1] } : $0 }
    #expect(try failures(of: inSeveral).first?.expected == "16 numbers as before")
  }

  @Test func `numbers that are not finite are found`() throws {
    #expect(try failures(of: CountingService { $0.map { _ in [.nan] } }).first?.expected == "finite numbers")
    #expect(
      try failures(of: CountingService { $0.map { _ in [.infinity] } }).first?.expected == "finite numbers")
  }

  @Test func `vectors of nothing but zeros are found`() throws {
    let zeros = CountingService { $0.map { $0.map { _ in 0 } } }
    #expect(try failures(of: zeros).first?.found == "nothing but zeros")
  }

  @Test func `vectors in another order are found`() throws {
    let failures = try failures(of: CountingService { $0.reversed() })
    #expect(failures.map(\.check) == ["Vectors are in the order of their texts"])
  }

  @Test func `a service that takes more than it says is found`() throws {
    #expect(try failures(of: CountingService(refusesMore: false)).map(\.found) == ["an answer"])
  }

  @Test func `a service that calls a cancellation something else is found`() throws {
    let failures = try failures(of: CountingService(cancellation: .timedOut))
    #expect(failures.first?.check == "A call that is cancelled beforehand ends")
    #expect(failures.first?.found == "timedOut")
  }

  private func found(in service: CountingService) throws -> String? { try failures(of: service).first?.found }

  private func failures(of service: CountingService) throws -> [ConformanceFailure] {
    let simulator = Simulator(seed: 1)
    return try simulator.run {
      do {
        try await EmbeddingServiceConformance.run(on: service, measuredBy: simulator.time)
        return []
      } catch let report as ConformanceReport { return report.failures }
    }
  }
}

/// A service whose vectors count the bytes of a text, and that keeps every promise but those it is told to break.
private struct CountingService: EmbeddingService {
  var name = "test"
  var maximumBatch = 8
  var refusesMore = true
  var cancellation = ProviderFailure.Kind.cancelled
  var breaking: @Sendable ([[Float]]) -> [[Float]] = { $0 }

  var identity: ModelIdentity { ModelIdentity(provider: name, model: "m") }

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    if refusesMore, texts.count > maximumBatch { throw ProviderFailure(.invalidRequest) }
    if Task.isCancelled { throw ProviderFailure(cancellation) }
    let vectors = texts.map { text in
      var counts = [Float](repeating: 1, count: 16)
      for byte in text.utf8 { counts[Int(byte % 16)] += 1 }
      return counts
    }
    return EmbeddingResponse(vectors: breaking(vectors))
  }
}
