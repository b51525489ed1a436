import Synchronization
import WireJSON

/// Which resources are served: the built-in ones and those of the CustomResourceDefinitions in the store.
final class Registry: Sendable {
  /// Group, version and plural of a path.
  struct Route: Hashable, Sendable {
    var group: String
    var version: String
    var plural: String
  }

  private struct State {
    var routes: [Route: ResourceDefinition] = [:]
    /// One served version of each stored resource.
    var stored: [String: ResourceDefinition] = [:]
    /// Routes that a CRD made, by the CRD's name.
    var custom: [String: [Route]] = [:]
    /// Rises with every change, for OpenAPI hashes.
    var edition = 0
  }

  private let state: Mutex<State>

  init(_ builtin: [ResourceDefinition]) {
    var state = State()
    for definition in builtin {
      state.routes[Self.route(of: definition)] = definition
      if !definition.isTransient { state.stored[definition.storage] = definition }
    }
    self.state = Mutex(state)
  }

  func definition(_ group: String, _ version: String, _ plural: String) -> ResourceDefinition? {
    state.withLock { $0.routes[Route(group: group, version: version, plural: plural)] }
  }

  /// Any served version of a stored resource.
  func definition(storage: String) -> ResourceDefinition? {
    state.withLock { $0.stored[storage] }
  }

  /// Everything that is served, in a fixed order.
  var all: [ResourceDefinition] {
    state.withLock { Array($0.routes.values) }.sorted { ($0.group, $0.version, $0.plural) < ($1.group, $1.version, $1.plural) }
  }

  var edition: Int { state.withLock { $0.edition } }

  /// Serves the versions of a CRD, in place of what it had before.
  func install(_ crd: JSONValue, name: String) {
    let definitions = CustomResources.definitions(crd)
    state.withLock { state in
      for route in state.custom[name] ?? [] { state.routes[route] = nil }
      state.custom[name] = definitions.map(Self.route)
      for definition in definitions {
        state.routes[Self.route(of: definition)] = definition
        state.stored[definition.storage] = definition
      }
      state.edition += 1
    }
  }

  func withdraw(_ name: String) {
    state.withLock { state in
      for route in state.custom.removeValue(forKey: name) ?? [] { state.routes[route] = nil }
      // A CRD's name is its resource's.
      state.stored[name] = nil
      state.edition += 1
    }
  }

  private static func route(of definition: ResourceDefinition) -> Route {
    Route(group: definition.group, version: definition.version, plural: definition.plural)
  }
}
