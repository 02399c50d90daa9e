import CompanionDomain
import CompanionPorts
import Testing

@testable import CompanionApplication

struct ReplyStateMachineTests {
  private typealias Machine = ReplyStateMachine<Int, Int, Int>

  /// What can happen to a reply.
  private enum Input: CaseIterable {
    case beginStoring, accept, offer, finishWhole, finishFailed, demand, withdrawDemand, stop, supersede,
      close
  }

  /// A reply, and what its consumer, producer and observers have seen of it.
  private struct World {
    var machine = Machine()
    var next = 0
    var offered: [String] = []
    var taken = ""
    var consumers: Set<Int> = []
    var producer: Int?
    var observers: Set<Int> = []
    var isEnded = false
    var isClosed = false
    var problems: [String] = []

    mutating func take(_ input: Input) {
      next += 1
      let token = next
      switch input {
      case .beginStoring: _ = machine.beginStoring()
      case .accept: perform(machine.accept())
      case .close:
        isClosed = true
        perform(machine.close(.success(.answered)))
      case .finishWhole: perform(machine.finish(.whole))
      case .finishFailed: perform(machine.finish(.failed(ProviderFailure(.streamCut))))
      case .stop: perform(machine.interrupt(.stopped))
      case .supersede: perform(machine.interrupt(.superseded))
      case .withdrawDemand: perform(machine.withdrawDemand())
      case .offer:
        // There is one producer, which waits for its chunk to be taken over.
        guard producer == nil else { return }
        let chunk = "\(token),"
        let (isTaken, wakeUps) = machine.offer(chunk, from: token)
        if isTaken != false { offered.append(chunk) }
        if isTaken == nil { producer = token }
        perform(wakeUps)
      case .demand:
        consumers.insert(token)
        let (chunk, wakeUps) = machine.demand(from: token)
        perform(wakeUps)
        if let chunk { give(chunk, to: token) }
      }
      if machine.observe(.settled, id: token, by: token) { observers.insert(token) }
      check()
    }

    private mutating func perform(_ wakeUps: Machine.WakeUps) {
      if let (consumer, chunk) = wakeUps.consumer { give(chunk, to: consumer) }
      if let (woken, isTaken) = wakeUps.producer {
        if producer != woken { problems.append("a producer that does not wait is woken") }
        producer = nil
        if !isTaken { offered.removeLast() }
      }
      for observer in wakeUps.observers where observers.remove(observer) == nil {
        problems.append("an observer is woken twice")
      }
    }

    private mutating func give(_ chunk: Result<String?, ChatFailure>, to consumer: Int) {
      if consumers.remove(consumer) == nil { problems.append("a consumer is woken twice") }
      guard case .success(let text?) = chunk else { return }
      if isEnded { problems.append("a chunk comes behind the end") }
      taken += text
      perform(machine.announced())
    }

    private mutating func check() {
      if machine.delivered != taken { problems.append("delivered is not what was taken") }
      if !offered.joined().hasPrefix(taken) { problems.append("chunks are lost or out of order") }
      if machine.settlement != nil || isClosed { isEnded = true }
      if consumers.count > 1 { problems.append("two consumers wait") }
      if isClosed, !(consumers.isEmpty && observers.isEmpty && producer == nil) {
        problems.append("somebody waits for a closed reply")
      }
      if machine.settlement != nil, producer != nil || !observers.isEmpty {
        problems.append("a producer or an observer waits for a settled reply")
      }
      if machine.settlement == .whole, taken != offered.joined() {
        problems.append("a whole reply is not delivered whole")
      }
      if !taken.hasPrefix(machine.acknowledged(beyond: 0)) { problems.append("acknowledged beyond taken") }
    }
  }

  /// Every order of five inputs, from the beginning and from the acceptance on: 200,000 orders.
  @Test func `in every order of inputs each waiter is woken once, and nothing is lost or comes late`() {
    var world = World()
    world.take(.beginStoring)
    world.take(.accept)
    #expect(Self.problems(from: world, depth: 5) == [])
    #expect(Self.problems(from: World(), depth: 5) == [])
  }

  private static func problems(from world: World, depth: Int) -> Set<String> {
    guard depth > 0, world.problems.isEmpty else { return Set(world.problems) }
    return Input.allCases.reduce(into: []) { problems, input in
      var next = world
      next.take(input)
      problems.formUnion(Self.problems(from: next, depth: depth - 1))
    }
  }

  private func offer(_ chunk: String, from producer: Int, to machine: inout Machine) -> Bool? {
    machine.offer(chunk, from: producer).0
  }

  private func accepted() -> Machine {
    var machine = Machine()
    _ = machine.beginStoring()
    _ = machine.accept()
    return machine
  }

  @Test func `a chunk is acknowledged when the consumer comes back`() {
    var machine = accepted()
    _ = machine.offer("née ", from: 1)
    _ = machine.demand(from: 2)
    #expect(machine.delivered == "née ")
    #expect(machine.acknowledged(beyond: 0) == "")
    _ = machine.announced()
    _ = machine.demand(from: 3)
    #expect(machine.acknowledged(beyond: 0) == "née ")
    #expect(machine.acknowledged(beyond: 3) == "e ")
    #expect(machine.acknowledged(beyond: 5) == "")
  }

  @Test func `a producer waits for a slow consumer until half of the room is free`() {
    var machine = accepted()
    let room = ReplyStateMachine<Int, Int, Int>.capacity
    for number in 1...room { #expect(offer("\(number)", from: number, to: &machine) == true) }
    #expect(offer("last", from: 99, to: &machine) == nil)
    for number in 1...room {
      let (chunk, wakeUps) = machine.demand(from: 100 + number)
      #expect(chunk == .success("\(number)"))
      #expect(wakeUps.producer?.0 == (number == room / 2 ? 99 : nil))
      _ = machine.announced()
    }
    let (last, _) = machine.demand(from: 200)
    #expect(last == .success("last"))
  }

  @Test func `an interruption drops what was not delivered`() {
    var machine = accepted()
    _ = machine.offer("a", from: 1)
    _ = machine.demand(from: 2)
    _ = machine.announced()
    _ = machine.offer("b", from: 3)
    _ = machine.interrupt(.stopped)
    #expect(machine.delivered == "a")
    #expect(machine.settlement == .interrupted(.stopped))
    #expect(offer("c", from: 4, to: &machine) == false)
  }

  @Test func `an answer that was delivered whole cannot be interrupted any more`() {
    var machine = accepted()
    _ = machine.offer("a", from: 1)
    _ = machine.finish(.whole)
    _ = machine.demand(from: 2)
    _ = machine.announced()
    _ = machine.interrupt(.superseded)
    #expect(machine.settlement == .whole)
  }

  @Test func `a message that was withdrawn before it was stored is not stored`() {
    var machine = Machine()
    _ = machine.interrupt(.abandoned)
    let isStored = machine.beginStoring()
    #expect(!isStored)
    #expect(machine.refusal == .cancelled)
  }

  @Test func `a message that was superseded before it was stored is stored and not answered`() {
    var machine = Machine()
    _ = machine.interrupt(.superseded)
    let isStored = machine.beginStoring()
    #expect(isStored)
    _ = machine.accept()
    #expect(machine.settlement == .interrupted(.superseded))
    #expect(machine.refusal == nil)
  }
}
