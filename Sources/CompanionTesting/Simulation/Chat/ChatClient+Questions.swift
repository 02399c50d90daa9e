import CompanionApplication
import CompanionDomain
import CompanionKit
import CompanionPorts

extension ChatClient {
  /// People answer what tasks ask, or not, or twice, or too late, wherever they are.
  func answerQuestions() async {
    await withDiscardingTaskGroup { group in
      for await question in witness.questions { group.addTask { await answer(question) } }
    }
  }

  private func answer(_ question: TaskQuestion) async {
    let lifetime = world.scenario.processes[0].configuration.work.answerLifetime
    let (answers, repeats, delay) = world.draw { dice in
      (
        dice.happens(percent: world.scenario.oddsOfAnswer), dice.happens(percent: 25),
        dice.milliseconds(in: 0...Int(lifetime.milliseconds) * 6 / 5)
      )
    }
    guard answers else { return }
    await sleep(until: time.now.advanced(by: delay))
    await withDiscardingTaskGroup { group in
      for _ in 0..<(repeats ? 2 : 1) {
        let process = world.draw { $0.number(in: 0...(processes.count - 1)) }
        group.addTask { await give(witness.newMark(in: question.session), to: question, in: process) }
      }
    }
  }

  private func give(_ mark: TextMark, to question: TaskQuestion, in process: Int) async {
    guard let incarnation = processes[process].current else { return }
    await incarnation.process.whileItLives {
      do throws(TaskCommandFailure) {
        try await incarnation.companion.answer(question, with: "Take \(mark.word).")
        witness.noteAnswer(mark, to: question)
      } catch {
        witness.tell("client: answer to “\(question.text)”: \(error)")
      }
    }
  }
}
