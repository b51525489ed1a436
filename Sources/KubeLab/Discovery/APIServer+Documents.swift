import HTTPMessage
import WireJSON

/// Paths that are no resources: health, version, discovery, OpenAPI.
extension APIServer {
  static let gitVersion = "v1.32.4+kube-ovn-lab"

  func answerDocument(_ request: HTTPRequest, _ form: OutputForm, _ caller: Caller) throws -> HTTPResponse {
    let path = request.path.count > 1 && request.path.hasSuffix("/") ? String(request.path.dropLast()) : request.path
    let isHealth = ["/healthz", "/readyz", "/livez"].contains { path == $0 || path.hasPrefix($0 + "/") }
    if !isHealth { try authorizePath(path, request.method, caller) }
    guard request.method == "GET" || request.method == "HEAD" else { throw APIStatus.methodNotAllowed() }
    if isHealth { return HTTPResponse(status: 200, text: "ok") }
    let parts = path.split(separator: "/").map(String.init)
    switch (parts.first ?? "", parts.count) {
    case ("", _): return HTTPResponse(status: 200, json: Self.rootPaths.bytes)
    case ("version", 1): return HTTPResponse(status: 200, json: Self.version.bytes)
    case ("api", 1): return discovery(isCore: true, form, request)
    case ("apis", 1): return discovery(isCore: false, form, request)
    case ("api", 2): return try resourceList("", parts[1])
    case ("apis", 2): return try groupDocument(parts[1])
    case ("apis", 3): return try resourceList(parts[1], parts[2])
    case ("openapi", _) where parts.count >= 2 && parts[1] == "v3": return try openAPI(parts.dropFirst(2).joined(separator: "/"))
    default: throw APIStatus.noResource()
    }
  }

  private static let rootPaths: JSONValue = [
    "paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]
  ]

  private static let version: JSONValue = [
    "major": "1", "minor": "32", "gitVersion": .string(gitVersion), "gitCommit": "", "gitTreeState": "clean", "buildDate": "",
    "goVersion": "", "compiler": "swiftc", "platform": "linux",
  ]

  // MARK: Groups

  /// Versions of a group, the preferred one first.
  private func versions(of group: String) -> [String] {
    let found = Set(registry.all.filter { $0.group == group }.map(\.version))
    return found.sorted { (isStable($0) ? 0 : 1, $1) < (isStable($1) ? 0 : 1, $0) }
  }

  private func isStable(_ version: String) -> Bool { version.dropFirst().allSatisfy(\.isNumber) }

  private var groups: [String] { Set(registry.all.map(\.group)).filter { !$0.isEmpty }.sorted() }

  private func group(_ name: String) -> JSONValue {
    let versions = versions(of: name).map { version -> JSONValue in
      ["groupVersion": .string(name + "/" + version), "version": .string(version)]
    }
    return ["name": .string(name), "versions": .array(versions), "preferredVersion": versions.first ?? [:]]
  }

  private func groupDocument(_ name: String) throws -> HTTPResponse {
    guard groups.contains(name) else { throw APIStatus.noResource() }
    var group = group(name)
    group["apiVersion"] = "v1"
    group["kind"] = "APIGroup"
    return HTTPResponse(status: 200, json: group.bytes)
  }

  private func discovery(isCore: Bool, _ form: OutputForm, _ request: HTTPRequest) -> HTTPResponse {
    if form == .discovery {
      let list: JSONValue = [
        "apiVersion": "apidiscovery.k8s.io/v2", "kind": "APIGroupDiscoveryList", "metadata": [:],
        "items": .array((isCore ? [""] : groups).map(aggregated)),
      ]
      var response = HTTPResponse(status: 200, json: list.bytes)
      response.headers["Content-Type"] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
      return response
    }
    guard !isCore else {
      let versions: JSONValue = [
        "apiVersion": "v1", "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": .string(request.headers["Host"] ?? "")]],
      ]
      return HTTPResponse(status: 200, json: versions.bytes)
    }
    let list: JSONValue = ["apiVersion": "v1", "kind": "APIGroupList", "groups": .array(groups.map(group))]
    return HTTPResponse(status: 200, json: list.bytes)
  }

  // MARK: Resources

  /// A path below a group version, as discovery tells it.
  private struct Entry {
    var name: String
    var definition: ResourceDefinition
    var verbs: [String]
    var kind: String
    var group: String
    var version: String
  }

  private func subresources(of definition: ResourceDefinition) -> [Entry] {
    definition.subresources.sorted().map { name in
      var entry = Entry(
        name: name, definition: definition, verbs: ["get", "patch", "update"], kind: definition.kind, group: definition.group,
        version: definition.version)
      switch name {
      case "scale": (entry.kind, entry.group, entry.version) = ("Scale", "autoscaling", "v1")
      case "binding": (entry.kind, entry.verbs) = ("Binding", ["create"])
      case "eviction": (entry.kind, entry.group, entry.version, entry.verbs) = ("Eviction", "policy", "v1", ["create"])
      case "finalize": entry.verbs = ["update"]
      default: break
      }
      return entry
    }
  }

  private func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  private func resourceList(_ group: String, _ version: String) throws -> HTTPResponse {
    let definitions = registry.all.filter { $0.group == group && $0.version == version }
    guard !definitions.isEmpty else { throw APIStatus.noResource() }
    var resources: [JSONValue] = []
    for definition in definitions {
      var entry: JSONValue = [
        "name": .string(definition.plural), "singularName": .string(definition.singular), "namespaced": .bool(definition.isNamespaced),
        "kind": .string(definition.kind), "verbs": strings(definition.verbs), "storageVersionHash": "",
      ]
      if !definition.shortNames.isEmpty { entry["shortNames"] = strings(definition.shortNames) }
      if !definition.categories.isEmpty { entry["categories"] = strings(definition.categories) }
      resources.append(entry)
      for subresource in subresources(of: definition) {
        var entry: JSONValue = [
          "name": .string(definition.plural + "/" + subresource.name), "singularName": "", "namespaced": .bool(definition.isNamespaced),
          "kind": .string(subresource.kind), "verbs": strings(subresource.verbs),
        ]
        if subresource.group != group {
          entry["group"] = .string(subresource.group)
          entry["version"] = .string(subresource.version)
        }
        resources.append(entry)
      }
    }
    let list: JSONValue = [
      "apiVersion": "v1", "kind": "APIResourceList", "groupVersion": .string(group.isEmpty ? version : group + "/" + version),
      "resources": .array(resources),
    ]
    return HTTPResponse(status: 200, json: list.bytes)
  }

  /// One group in aggregated discovery.
  private func aggregated(_ group: String) -> JSONValue {
    let versions = versions(of: group).map { version -> JSONValue in
      let definitions = registry.all.filter { $0.group == group && $0.version == version }
      return ["version": .string(version), "freshness": "Current", "resources": .array(definitions.map(aggregated))]
    }
    return ["metadata": group.isEmpty ? [:] : ["name": .string(group)], "versions": .array(versions)]
  }

  private func aggregated(_ definition: ResourceDefinition) -> JSONValue {
    func kind(_ group: String, _ version: String, _ kind: String) -> JSONValue {
      ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }
    var entry: JSONValue = [
      "resource": .string(definition.plural), "responseKind": kind(definition.group, definition.version, definition.kind),
      "scope": definition.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(definition.singular),
      "verbs": strings(definition.verbs),
    ]
    if !definition.shortNames.isEmpty { entry["shortNames"] = strings(definition.shortNames) }
    if !definition.categories.isEmpty { entry["categories"] = strings(definition.categories) }
    let subresources = subresources(of: definition).map { subresource -> JSONValue in
      [
        "subresource": .string(subresource.name), "responseKind": kind(subresource.group, subresource.version, subresource.kind),
        "verbs": strings(subresource.verbs),
      ]
    }
    if !subresources.isEmpty { entry["subresources"] = .array(subresources) }
    return entry
  }
}
