import Foundation
import Testing

@testable import CompanionDomain

struct ElementaryFunctionsTests {
  @Test func `the logarithm is that of the C library, but for its last bits`() {
    for power in stride(from: -300.0, through: 300, by: 0.37) {
      let number = pow(10, power)
      let expected = log(number)
      #expect(abs(ElementaryFunctions.logarithm(number) - expected) <= 1e-14 * max(1, abs(expected)))
    }
    #expect(ElementaryFunctions.logarithm(1) == 0)
  }

  @Test func `the exponential is that of the C library, but for its last bits`() {
    for number in stride(from: -690.0, through: 690, by: 0.31) {
      #expect(abs(ElementaryFunctions.exponential(number) / exp(number) - 1) <= 1e-13, "\(number)")
    }
    #expect(ElementaryFunctions.exponential(0) == 1)
  }

  @Test func `what is too great is held, and no number stays none`() {
    #expect(ElementaryFunctions.exponential(.infinity) == ElementaryFunctions.exponential(700))
    #expect(ElementaryFunctions.exponential(-.infinity) == ElementaryFunctions.exponential(-700))
    #expect(ElementaryFunctions.exponential(.nan).isNaN)
    #expect(ElementaryFunctions.logistic(0) == 0.5)
    #expect(ElementaryFunctions.logistic(1e9) == 1)
    #expect(ElementaryFunctions.logistic(-1e9) < 1e-300)
  }
}
