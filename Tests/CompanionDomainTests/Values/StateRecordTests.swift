import CompanionDomain
import Foundation
import Testing

struct StateRecordTests {
  @Test func `numbered names are in the order of their numbers`() {
    let numbers = [0, 1, 2, 9, 10, 99, 100, 9_999, 10_000, 999_998, 999_999]
    let names = numbers.map { StateName(number: $0) }
    #expect(names == names.sorted() && Set(names).count == names.count)
    #expect(StateName(number: 42).rawValue == "000042")
    for (outside, nearest) in [(-1, 0), (.min, 0), (1_000_000, 999_999), (.max, 999_999)] as [(Int, Int)] {
      #expect(StateName(number: outside) == StateName(number: nearest))
    }
  }

  @Test func `a state is the same when it was written and read`() throws {
    let owners = [StateOwner.session(SessionID(bits: 1)), .task(TaskID(bits: 1)), .companion]
    for owner in owners {
      let state = StateRecord(
        key: StateKey(owner, .round, StateName(number: 3)), version: 4, updatedAt: .epoch, json: "{}")
      let read = try JSONDecoder().decode(StateRecord.self, from: JSONEncoder().encode(state))
      #expect(read == state)
    }
    #expect(StateKey(owners[0], .round) != StateKey(owners[1], .round))
  }

  @Test func `only the details of a conversation, and its context, stay when something of it is forgotten`() {
    let kinds: [StateKind] = [.session, .context, .summary, .approval, .round, "another"]
    #expect(kinds.filter(StateKind.staying.contains) == [.session, .context])
  }
}
