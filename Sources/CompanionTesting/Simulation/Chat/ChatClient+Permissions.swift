import CompanionApplication
import CompanionDomain
import CompanionKit
import CompanionPorts

extension ChatClient {
  /// People answer when they are asked, or not, or twice, wherever they are.
  func answerApprovals() async {
    await withDiscardingTaskGroup { group in
      for await approval in witness.requests { group.addTask { await answer(approval) } }
    }
  }

  private func answer(_ approval: Approval) async {
    let lifetime = world.scenario.processes[0].configuration.work.approvalLifetime
    let isWanted = approval.call.name != ChatTool.Kind.wipe.rawValue
    let (answers, repeats, delay) = world.draw { dice in
      (
        dice.happens(percent: world.scenario.oddsOfAnswer), dice.happens(percent: 25),
        dice.milliseconds(in: 0...Int(lifetime.milliseconds))
      )
    }
    guard answers else { return }
    await sleep(until: time.now.advanced(by: delay))
    await withDiscardingTaskGroup { group in
      for _ in 0..<(repeats ? 2 : 1) {
        let process = world.draw { $0.number(in: 0...(processes.count - 1)) }
        let approves = isWanted && world.draw { $0.happens(percent: 70) }
        group.addTask { await decide(approval.id, approves: approves, in: process) }
      }
    }
  }

  private func decide(_ id: ApprovalID, approves: Bool, in process: Int) async {
    guard let incarnation = processes[process].current else { return }
    await incarnation.process.whileItLives {
      do throws(ApprovalFailure) {
        let companion = incarnation.companion
        let decided = approves ? try await companion.approve(id) : try await companion.deny(id, reason: "no")
        witness.noteAnswer(to: decided, approves: approves)
      } catch {
        witness.tell("client: answer to \(id): \(error)")
      }
    }
  }
}
