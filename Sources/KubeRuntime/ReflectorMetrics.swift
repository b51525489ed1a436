package import KubeAPI
package import Telemetry

/// The series that Kubernetes' reflectors have, under the names that Kube-OVN serves (operations.md).
package struct ReflectorMetrics: Sendable {
  private let lists: Counter
  private let listSeconds: Histogram
  private let items: Histogram
  private let watches: Counter
  private let watchSeconds: Histogram
  private let version: Gauge
  private let undecodable: Counter

  package init(_ registry: MetricsRegistry) {
    lists = registry.counter("lists_total", help: "Lists that reflectors have read.")
    listSeconds = registry.histogram("list_duration_seconds", help: "How long lists took.")
    items = registry.histogram("items_per_list", help: "Objects in a list.", bounds: [1, 10, 100, 1_000, 10_000, 100_000])
    watches = registry.counter("watches_total", help: "Watches that reflectors have followed.")
    watchSeconds = registry.histogram("watch_duration_seconds", help: "How long watches lasted.", bounds: [1, 10, 60, 300, 600, 1_800])
    version = registry.gauge("last_resource_version", help: "The version that a reflector has reached.")
    undecodable = registry.counter("kube_ovn_undecodable_objects_total", help: "Stored objects that could not be read and were left out.")
  }

  package func observe(_ type: ResourceType, _ event: ReflectorEvent) {
    let labels = [Label("name", type.plural)]
    switch event {
    case .listed(let count, let took):
      lists.add(1, labels)
      listSeconds.observe(took, labels)
      items.observe(Double(count), labels)
    case .watched(let took):
      watches.add(1, labels)
      watchSeconds.observe(took, labels)
    case .advanced(let reached):
      if let number = Double(reached) { version.set(number, labels) }
    }
  }

  package func undecodable(_ type: ResourceType) { undecodable.add(1, [Label("name", type.plural)]) }
}
