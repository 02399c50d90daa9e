extension StoreFaultPlan.Odds {
  /// Odds of a process that shares its store with others.
  ///
  /// - Parameter isQuiet: whether nothing goes wrong.
  init(isQuiet: Bool, _ dice: inout Dice) {
    self.init()
    if !isQuiet {
      if dice.happens(percent: 40) { crash = Double(dice.number(in: 1...10)) / 1000 }
      if dice.happens(percent: 50) { errorAfter = Double(dice.number(in: 1...40)) / 1000 }
      if dice.happens(percent: 40) { busy = Double(dice.number(in: 1...50)) / 1000 }
      if dice.happens(percent: 40) { slow = Double(dice.number(in: 1...60)) / 1000 }
      if dice.happens(percent: 20) { hang = Double(dice.number(in: 1...5)) / 1000 }
      if dice.happens(percent: 40) {
        lostNews = Double(dice.number(in: 0...400)) / 1000
        doubledNews = Double(dice.number(in: 0...200)) / 1000
        lateNews = Double(dice.number(in: 0...200)) / 1000
      }
    }
    slowest = dice.milliseconds(in: 50...5_000)
  }
}
