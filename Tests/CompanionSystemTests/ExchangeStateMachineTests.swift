import CompanionPorts
import FoundationEssentials
import Testing

@testable import CompanionSystem

/// Every sequence of inputs up to a length, with the rules checked after each.
struct ExchangeStateMachineTests {
  private enum Input: CaseIterable {
    case start, head, chunk, end, fail, next, cancel, idle, flowChanged
  }

  /// A machine, and what has been seen of it from outside.
  private struct Story {
    var machine: ExchangeStateMachine<Int, Int>
    var inputs: [Input] = []
    var now = Duration.zero
    var waiting: Set<Int> = []
    var answered: Set<Int> = []
    var nextWaiter = 0
    var sent: [UInt8] = []
    var received: [UInt8] = []
    var starts = 0
    var isPaused = false
    var pendingFlow: TransferCommand?
    var isTransferOver = false
    var isCancelled = false
    var ended = false

    mutating func apply(_ input: Input) {
      inputs.append(input)
      now += .seconds(1)
      switch input {
      case .start: take(machine.start(newWaiter(), at: now))
      case .head: take(machine.receive(ResponseHead(status: 200, headers: [:]), at: now))
      case .chunk:
        let byte = UInt8(sent.count)
        if machine.hasHead, !isTransferOver, !isCancelled { sent.append(byte) }
        take(machine.receive(Data([byte]), at: now))
      case .end:
        isTransferOver = true
        take(machine.complete(nil))
      case .fail:
        isTransferOver = true
        take(machine.complete(TransportFailure(.connectionLost)))
      case .next: take(machine.next(newWaiter(), at: now))
      case .cancel:
        isCancelled = true
        take(machine.cancel())
        #expect(waiting.isEmpty, "somebody waits after a cancel: \(inputs)")
      case .idle:
        now += .seconds(100)
        if case .fail(let action) = machine.timerFired(at: now) {
          isTransferOver = true
          take(action)
        }
      case .flowChanged:
        guard let command = pendingFlow else { return }
        pendingFlow = nil
        isPaused = command == .pause
        take(machine.flowChanged(at: now))
      }
      if isTransferOver { #expect(waiting.isEmpty || starts == 0, "somebody waits for nothing: \(inputs)") }
    }

    private mutating func newWaiter() -> Int {
      nextWaiter += 1
      waiting.insert(nextWaiter)
      return nextWaiter
    }

    private mutating func take(_ action: ExchangeStateMachine<Int, Int>.Action) {
      if let (waiter, _) = action.head { answer(waiter) }
      if let (waiter, result) = action.chunk {
        answer(waiter)
        if case .success(let chunk?) = result {
          #expect(!isCancelled, "a chunk after a cancel: \(inputs)")
          #expect(!ended, "a chunk after the end: \(inputs)")
          received += chunk
          #expect(received == Array(sent.prefix(received.count)), "out of order: \(inputs)")
        } else if case .success(nil) = result {
          ended = true
          #expect(received == sent, "the end before the last chunk: \(inputs)")
        }
      }
      switch action.transfer {
      case nil: break
      case .start:
        starts += 1
        #expect(starts == 1, "started twice: \(inputs)")
      case .pause, .resume:
        #expect(pendingFlow == nil, "two changes of flow at once: \(inputs)")
        #expect(isPaused == (action.transfer == .resume), "paused or resumed twice: \(inputs)")
        pendingFlow = action.transfer
      case .cancel: break
      }
    }

    private mutating func answer(_ waiter: Int) {
      #expect(waiting.remove(waiter) != nil, "answered without having waited: \(inputs)")
      #expect(answered.insert(waiter).inserted, "answered twice: \(inputs)")
    }
  }

  private func explore(_ story: Story, depth: Int) {
    guard depth > 0 else { return }
    for input in Input.allCases {
      var next = story
      next.apply(input)
      explore(next, depth: depth - 1)
    }
  }

  @Test func `every waiter is answered once and no chunk is lost, whatever happens in whatever order`() {
    explore(
      Story(machine: ExchangeStateMachine(limits: .bounded(by: 100), idleTimeout: .seconds(50))), depth: 5)
  }

  @Test func `pausing and resuming alternate, whatever happens in whatever order`() {
    var story = Story(
      machine: ExchangeStateMachine(
        limits: .pausing(above: 1, resumingAt: 0), idleTimeout: .seconds(50)))
    for input in [Input.start, .head, .chunk] { story.apply(input) }
    explore(story, depth: 5)
  }

  @Test func `a transfer pauses above its limit and resumes when it has been read`() {
    var flow = TransferFlow(limits: .pausing(above: 10, resumingAt: 4))
    #expect(flow.held(10) == .command(nil))
    #expect(flow.held(11) == .command(.pause))
    #expect(flow.carriedOut() == nil)
    #expect(flow.isPaused)
    #expect(flow.drained(to: 5) == nil)
    #expect(flow.drained(to: 4) == .resume)
    #expect(flow.carriedOut() == nil)
    #expect(!flow.isPaused)
  }

  @Test func `a change of mind while a pause is carried out is carried out after it`() {
    var flow = TransferFlow(limits: .pausing(above: 10, resumingAt: 4))
    #expect(flow.held(11) == .command(.pause))
    #expect(flow.drained(to: 0) == nil)
    #expect(flow.carriedOut() == .resume)
    #expect(flow.carriedOut() == nil)
  }

  @Test func `a transfer that cannot pause fails behind what it holds`() throws {
    var machine = ExchangeStateMachine<Int, Int>(limits: .bounded(by: 3), idleTimeout: .seconds(50))
    _ = machine.start(1, at: .zero)
    _ = machine.receive(ResponseHead(status: 200, headers: [:]), at: .zero)
    #expect(machine.receive(Data([1, 2]), at: .zero).transfer == nil)
    #expect(machine.receive(Data([3, 4]), at: .zero).transfer == .cancel)
    #expect(try machine.next(2, at: .zero).chunk?.result.get() == Data([1, 2]))
    #expect(try machine.next(3, at: .zero).chunk?.result.get() == Data([3, 4]))
    let last = machine.next(4, at: .zero)
    #expect(throws: TransportFailure.self) { try last.chunk?.result.get() }
  }

  @Test func `silence counts from the last byte on`() {
    var machine = ExchangeStateMachine<Int, Int>(limits: .bounded(by: 3), idleTimeout: .seconds(10))
    _ = machine.start(1, at: .seconds(1))
    _ = machine.receive(ResponseHead(status: 200, headers: [:]), at: .seconds(8))
    guard case .fireAgain(let delay) = machine.timerFired(at: .seconds(11)) else {
      Issue.record("the head came 3 s ago")
      return
    }
    #expect(delay == .seconds(7))
  }

  @Test func `a paused transfer is not silent`() {
    var machine = ExchangeStateMachine<Int, Int>(
      limits: .pausing(above: 1, resumingAt: 0), idleTimeout: .seconds(10))
    _ = machine.start(1, at: .zero)
    _ = machine.receive(ResponseHead(status: 200, headers: [:]), at: .zero)
    _ = machine.receive(Data([1, 2]), at: .zero)
    guard case .fireAgain = machine.timerFired(at: .seconds(60)) else {
      Issue.record("it was paused all the time")
      return
    }
  }
}
