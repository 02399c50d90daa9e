import CompanionTesting
import Testing

struct PlantedBugTests {
  /// An account that reads its balance, lets others in, and writes: an update may be lost.
  private actor Account {
    private(set) var balance = 0

    func depositCarelessly() async {
      let before = balance
      await Task.yield()
      balance = before + 1
    }

    func deposit() async {
      await Task.yield()
      balance += 1
    }
  }

  @Test func `a lost update is found by some seed and repeats with it`() throws {
    let found = try (1...1_000 as ClosedRange<UInt64>).first { try balance(seed: $0, careless: true) < 2 }
    let seed = try #require(found)
    #expect(try balance(seed: seed, careless: true) == 1)
    #expect(try balance(seed: seed, careless: false) == 2)
  }

  @Test func `some orders hide the lost update`() throws {
    let balances = try (1...1_000 as ClosedRange<UInt64>).map { try balance(seed: $0, careless: true) }
    #expect(Set(balances) == [1, 2])
  }

  @Test func `no seed finds a fault in code that has none`() throws {
    for seed in 1...1_000 as ClosedRange<UInt64> {
      #expect(try balance(seed: seed, careless: false) == 2)
    }
  }

  private func balance(seed: UInt64, careless: Bool) throws -> Int {
    try Simulator(seed: seed).run {
      let account = Account()
      await withDiscardingTaskGroup { group in
        for _ in 1...2 {
          group.addTask { if careless { await account.depositCarelessly() } else { await account.deposit() } }
        }
      }
      return await account.balance
    }
  }
}
