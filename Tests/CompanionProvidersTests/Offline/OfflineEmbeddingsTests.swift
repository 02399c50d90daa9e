import CompanionDomain
import CompanionPorts
import CompanionProviders
import Testing

struct OfflineEmbeddingsTests {
  private let service: OfflineEmbeddings = .offline

  private func vector(_ text: String) async throws -> [Float] {
    let vectors = try await service.embed([text]).vectors
    return try #require(vectors.first)
  }

  private func cosine(_ left: String, _ right: String) async throws -> Float {
    let (left, right) = (try await vector(left), try await vector(right))
    return zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(
    arguments: [
      "", " \n", "?!", "the", "x", "A sentence of some words.", "梅雨は七月に終わる。", "です", "我养了两只猫", "안녕하세요", "สวัสดี",
      "👨‍👩‍👧", "e\u{301}", "1,000", String(repeating: "word ", count: 5_000),
      String(repeating: "ä", count: 5_000),
    ])
  func `every text has a vector of length 1, and always the same`(text: String) async throws {
    let vector = try await vector(text)
    #expect(vector.count == OfflineEmbeddings.dimension)
    #expect(vector.allSatisfy { $0.isFinite })
    let square = vector.reduce(into: 0.0) { $0 += Double($1) * Double($1) }
    #expect(abs(square - 1) < 1e-5)
    #expect(try await self.vector(text) == vector)
  }

  @Test func `vectors are in the order of their texts, one for each`() async throws {
    let texts = (0..<200).map { "note \($0 * 7919)" } + ["", "", "note 0"]
    let vectors = try await service.embed(texts).vectors
    #expect(vectors.count == texts.count)
    for (text, vector) in zip(texts, vectors) { #expect(try await self.vector(text) == vector) }
  }

  /// A text, what is nearly the same, and what is not.
  @Test(
    arguments: [
      (
        "Anna moved to Leeds last spring", "Last spring, Anna has moved to Leeds.",
        "Bob sold the old car in autumn"
      ),
      (
        "The dentist appointment is in March", "dentist's appointments in march?", "The library closes in May"
      ),
      // A slip of the pen.
      ("The physiotherapist showed me exercises", "physiotherapsit exercises", "photography exhibition"),
      ("Müller wohnt in Zürich", "Wo wohnt Mueller in Zurich", "Schmidt arbeitet an der Universität"),
      ("梅雨は五月から七月にかけて来る雨の季節だ", "梅雨の季節はいつ来るか", "会社で新しいコンピューターを買った"),
      ("京都に住んでいて、猫を二匹飼っています", "京都で猫を二匹飼っている", "来週の火曜日に会議があります"),
      ("コーヒーは好きではない", "ｺｰﾋｰが好き", "バスで美術館へ行った"),
      ("我上个月从北京搬到了上海", "上个月搬到上海", "她喜欢在周末弹钢琴"), ("我养了两只猫，一只叫咪咪", "两只猫叫什么", "明天下午开会讨论预算"),
      ("저는 고양이를 키웁니다", "고양이를 키우고 싶다", "내일 회의가 있습니다"),
    ])
  func `what is nearly the same is nearer than what is not`(
    text: String, near: String, far: String
  ) async throws {
    let (near, far) = (try await cosine(text, near), try await cosine(text, far))
    #expect(near > far + 0.15)
  }

  @Test func `case and width make no difference`() async throws {
    #expect(try await cosine("Green TEA ＡＢＣ", "green tea abc") > 0.9999)
  }

  @Test func `texts that have nothing in common are far from each other`() async throws {
    let texts = [
      "Tomatoes grow on balconies", "Edinburgh train delayed", "梅雨の雨", "两只猫", "", "?!", "Physik",
    ]
    for (place, text) in texts.enumerated() {
      for other in texts[..<place] { #expect(abs(try await cosine(text, other)) < 0.25, "\(text) \(other)") }
    }
  }

  @Test func `a word that comes up often counts more, and less than each time`() async throws {
    let often = String(repeating: "tea ", count: 16) + "coffee"
    let near = try await cosine(often, "tea")
    #expect(near > 0.9)
    // 16 times as much would be 0.998.
    #expect(try await cosine(often, "coffee") > 0.15)
  }

  @Test func `the signs alone tell near from far`() async throws {
    let vectors = try await service.embed(["green tea", "green tea in the morning", "delayed trains"]).vectors
    func agreements(_ left: [Float], _ right: [Float]) -> Int {
      zip(left, right).count { ($0.0 < 0) == ($0.1 < 0) }
    }
    #expect(vectors.allSatisfy { $0.count { $0 == 0 } < 40 })
    #expect(agreements(vectors[0], vectors[1]) > agreements(vectors[0], vectors[2]) + 30)
  }

  @Test func `nobody takes it for a model of meaning`() {
    #expect(service.identity.provider == "offline")
    #expect(service.identity.model == "lexical-1.\(TextAnalysis.version)")
  }

  /// The first numbers, as every machine has to have them: where they change, the version has to grow.
  @Test(
    arguments: [
      ("I like green tea", [-41_555, -81_811, -17_318, 28_596, 75_158, -32_343]),
      ("梅雨の季節", [44_440, -17_776, 0, -44_440, 26_664, -26_664]),
      ("", [-51_031, -51_031, 51_031, -51_031, -51_031, -51_031]),
    ] as [(String, [Int])])
  func `the numbers are the same everywhere`(text: String, expected: [Int]) async throws {
    let vector = try await vector(text)
    #expect(vector.prefix(6).map { Int(($0 * 1_000_000).rounded()) } == expected)
  }

  @Test func `more than a batch is refused, and so is what is cancelled`() async throws {
    let many = [String](repeating: "", count: service.maximumBatch + 1)
    let refused = await #expect(throws: ProviderFailure.self) { let _ = try await service.embed(many) }
    #expect(refused?.kind == .invalidRequest)
    let call = Task { [service] in
      withUnsafeCurrentTask { $0?.cancel() }
      do throws(ProviderFailure) {
        _ = try await service.embed(["a"])
        return ProviderFailure.Kind?.none
      } catch {
        return error.kind
      }
    }
    #expect(await call.value == .cancelled)
    #expect(try await service.embed([]) == EmbeddingResponse(vectors: []))
  }
}
