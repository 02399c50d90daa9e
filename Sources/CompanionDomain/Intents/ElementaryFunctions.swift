/// The natural logarithm and exponential in nothing but additions, multiplications and divisions, which IEEE 754
/// rounds alike on every machine; the C libraries' own differ in their last bits. The relative error is below 1e-14.
enum ElementaryFunctions {
  private static let ln2 = 0.693147180559945309417

  /// The natural logarithm of a finite number above 0: that of its significand as the series of 2 artanh.
  static func logarithm(_ number: Double) -> Double {
    let part = (number.significand - 1) / (number.significand + 1)
    var power = part
    var sum = 0.0
    for divisor in stride(from: 1.0, through: 31, by: 2) {
      sum += power / divisor
      power *= part * part
    }
    return 2 * sum + Double(number.exponent) * ln2
  }

  /// The exponential of a number, which is held within ±700; of no number it is none.
  static func exponential(_ number: Double) -> Double {
    guard !number.isNaN else { return number }
    let held = min(700, max(-700, number))
    let twos = (held / ln2).rounded()
    let rest = held - twos * ln2
    var term = 1.0
    var sum = 1.0
    for divisor in 1...14 {
      term *= rest / Double(divisor)
      sum += term
    }
    return sum * Double(sign: .plus, exponent: Int(twos), significand: 1)
  }

  /// 1 / (1 + exp(-number)).
  static func logistic(_ number: Double) -> Double { 1 / (1 + exponential(-number)) }
}
