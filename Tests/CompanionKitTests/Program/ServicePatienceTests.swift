import CompanionKit
import ExampleSupport
import Testing

struct ServicePatienceTests {
  @Test func `what a service asks to wait counts, else the wait doubles, and ends`() {
    var patience = ServicePatience()
    #expect(patience.wait(after: ProviderFailure(.rateLimited, retryAfter: .seconds(7))) == .seconds(7))
    let waits = (1...8).map { _ in patience.wait(after: ProviderFailure(.rateLimited)) }
    #expect(waits == [1, 2, 4, 8, 16, 32, 60, nil].map { $0.map { .seconds($0) } })
    patience.noteAnswer()
    #expect(patience.wait(after: ProviderFailure(.overloaded)) == .milliseconds(500))
  }

  @Test func `a rest in which the service is not asked counts as no wait`() {
    var patience = ServicePatience()
    for _ in 1...20 {
      let rest = patience.wait(after: ProviderFailure(.noProviderReady, retryAfter: .seconds(60)))
      #expect(rest == .seconds(60))
    }
    #expect(patience.waits == 0)
    #expect(patience.wait(after: ProviderFailure(.rateLimited)) == .milliseconds(500))
  }

  @Test(arguments: [ProviderFailure.Kind.unreachable, .serverError, .timedOut, .connectionLost])
  func `what has never answered is not waited for, unless it says so`(kind: ProviderFailure.Kind) {
    var patience = ServicePatience()
    #expect(patience.wait(after: ProviderFailure(kind)) == nil)
    patience.noteAnswer()
    #expect(patience.wait(after: ProviderFailure(kind)) == .milliseconds(500))
  }

  @Test(arguments: [ProviderFailure.Kind.authentication, .quotaExhausted, .modelNotFound, .invalidRequest])
  func `what does not pass is not waited for`(kind: ProviderFailure.Kind) {
    var patience = ServicePatience()
    patience.noteAnswer()
    #expect(patience.wait(after: ProviderFailure(kind)) == nil)
  }
}
