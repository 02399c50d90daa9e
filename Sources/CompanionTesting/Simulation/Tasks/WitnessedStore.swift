import CompanionApplication
import CompanionDomain
import CompanionPorts

/// The store itself, as all processes share it: tells a witness of everything that it has accepted.
struct WitnessedStore: StoreWrapper {
  let base: any CompanionStore
  let witness: TaskWitness

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let changed = try await base.commit(changes)
    witness.note(changes, changed)
    return changed
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let claimed = try await base.claim(claim)
    witness.note(claim, claimed)
    return claimed
  }
}
