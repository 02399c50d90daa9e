import CompanionApplication
import CompanionInMemory
import CompanionTesting

/// A store that does what one in memory does, but for what it says itself.
protocol StoreAround: StoreWrapper {
  var store: InMemoryStore { get }
}

extension StoreAround {
  var base: any CompanionStore { store }
}
