import Synchronization

/// Counters, gauges and histograms of one process, printed as Prometheus text. One lock: a daemon counts thousands of things a second,
/// not millions.
package final class MetricsRegistry: Sendable {
  enum Kind: String, Sendable { case counter, gauge, histogram }

  struct Series: Sendable {
    var value: Double = 0
    /// Cumulative only when printed: how many observations fell into each bucket.
    var buckets: [UInt64] = []
    var count: UInt64 = 0
  }

  struct Family: Sendable {
    let kind: Kind
    let help: String
    let bounds: [Double]
    var series: [[Label]: Series] = [:]
  }

  private let families = Mutex<[String: Family]>([:])

  package init() {}

  /// A metric that only grows.
  package func counter(_ name: String, help: String) -> Counter {
    declare(name, .counter, help: help, bounds: [])
    return Counter(registry: self, name: name)
  }

  /// A metric that goes up and down.
  package func gauge(_ name: String, help: String) -> Gauge {
    declare(name, .gauge, help: help, bounds: [])
    return Gauge(registry: self, name: name)
  }

  /// A distribution over buckets with these upper bounds, ascending.
  package func histogram(_ name: String, help: String, bounds: [Double] = MetricsRegistry.latencyBounds) -> Histogram {
    declare(name, .histogram, help: help, bounds: bounds)
    return Histogram(registry: self, name: name)
  }

  /// Seconds, from a local call to a lost deadline.
  package static let latencyBounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

  private func declare(_ name: String, _ kind: Kind, help: String, bounds: [Double]) {
    families.withLock { families in
      guard families[name] == nil else { return }
      families[name] = Family(kind: kind, help: help, bounds: bounds)
    }
  }

  func change(_ name: String, _ labels: [Label], _ body: (inout Series, [Double]) -> Void) {
    let key = labels.sorted()
    families.withLock { families in
      guard let bounds = families[name]?.bounds else { return }
      body(&families[name, default: Family(kind: .counter, help: "", bounds: [])].series[key, default: Series()], bounds)
    }
  }

  /// Forgets the series with these labels: what they spoke of is gone.
  package func remove(_ name: String, _ labels: [Label]) {
    families.withLock { _ = $0[name]?.series.removeValue(forKey: labels.sorted()) }
  }

  var snapshot: [String: Family] { families.withLock { $0 } }
}

/// A name and a value that tell series of one metric apart.
package struct Label: Sendable, Hashable, Comparable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  package static func < (a: Label, b: Label) -> Bool { a.name != b.name ? a.name < b.name : a.value < b.value }
}

package struct Counter: Sendable {
  let registry: MetricsRegistry
  let name: String

  package func add(_ amount: Double = 1, _ labels: [Label] = []) {
    registry.change(name, labels) { series, _ in series.value += amount }
  }
}

package struct Gauge: Sendable {
  let registry: MetricsRegistry
  let name: String

  package func set(_ value: Double, _ labels: [Label] = []) {
    registry.change(name, labels) { series, _ in series.value = value }
  }

  package func remove(_ labels: [Label]) { registry.remove(name, labels) }
}

package struct Histogram: Sendable {
  let registry: MetricsRegistry
  let name: String

  package func observe(_ value: Double, _ labels: [Label] = []) {
    registry.change(name, labels) { series, bounds in
      if series.buckets.isEmpty { series.buckets = Array(repeating: 0, count: bounds.count) }
      if let index = bounds.firstIndex(where: { value <= $0 }) { series.buckets[index] += 1 }
      series.count += 1
      series.value += value
    }
  }

  package func observe(_ duration: Duration, _ labels: [Label] = []) {
    let (seconds, attoseconds) = duration.components
    observe(Double(seconds) + Double(attoseconds) * 1e-18, labels)
  }
}
