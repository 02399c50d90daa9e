import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct RecordingEventSinkTests {
  private func event(_ count: Int) -> CompanionEvent {
    CompanionEvent(time: .epoch, kind: .tasksPruned(count))
  }

  @Test func `events are kept in order`() {
    let sink = RecordingEventSink()
    for number in 1...3 { sink.emit(event(number)) }
    #expect(sink.events == [event(1), event(2), event(3)])
  }

  @Test func `an event that has come is found at once`() async {
    let sink = RecordingEventSink()
    sink.emit(event(1))
    #expect(await sink.first { $0.kind == .tasksPruned(1) } == event(1))
  }

  @Test func `an event that is yet to come is waited for`() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      let found = try Simulator(seed: seed).run {
        let sink = RecordingEventSink()
        return await withTaskGroup { group in
          for number in 1...3 {
            group.addTask {
              sink.emit(event(number))
              return nil as CompanionEvent?
            }
          }
          group.addTask { await sink.first { $0.kind == .tasksPruned(2) } }
          return await group.reduce(nil) { $0 ?? $1 }
        }
      }
      #expect(found == event(2))
    }
  }

  @Test func `waiting ends when the waiting task is cancelled`() async {
    let sink = RecordingEventSink()
    let waiting = Task { await sink.first { _ in true } }
    waiting.cancel()
    #expect(await waiting.value == nil)
  }
}
