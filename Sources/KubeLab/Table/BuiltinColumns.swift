import WireJSON

/// The columns of built-in kinds, as `kubectl get` shows them.
enum BuiltinColumns {
  static func columns(_ kind: String) -> [TableColumn] {
    switch kind {
    case "Event": event
    case "CustomResourceDefinition", "Role", "ClusterRole": dated
    default: [.name] + (middle[kind] ?? []) + [.age] + (wide[kind] ?? [])
    }
  }

  private static func path(_ object: JSONValue, _ path: String...) -> JSONValue? { object[path: path] }

  private static func text(_ object: JSONValue, _ path: String...) -> String { object[path: path].map { $0.string ?? $0.text } ?? "" }

  private static func number(_ object: JSONValue, _ path: String...) -> Int { object[path: path]?.int ?? 0 }

  /// What stands between name and age.
  private static let middle: [String: [TableColumn]] = [
    "Namespace": [.text("Status") { text($0, "status", "phase") }],
    "Node": [
      .text("Status", nodeStatus), .text("Roles", nodeRoles),
    ],
    "Pod": [
      .text("Ready") { pod in
        let statuses = path(pod, "status", "containerStatuses")?.array ?? []
        return "\(statuses.count { $0["ready"]?.bool == true })/\(path(pod, "spec", "containers")?.array?.count ?? 0)"
      },
      .text("Status", podStatus),
      TableColumn(name: "Restarts", type: "string") { pod, _ in
        let statuses = path(pod, "status", "containerStatuses")?.array ?? []
        return .string(String(statuses.reduce(0) { $0 + ($1["restartCount"]?.int ?? 0) }))
      },
    ],
    "Service": [
      .text("Type") { text($0, "spec", "type") },
      .text("Cluster-IP") { path($0, "spec", "clusterIP")?.string ?? "<none>" },
      .text("External-IP") { service in
        if text(service, "spec", "type") == "ExternalName" { return text(service, "spec", "externalName") }
        let addresses = path(service, "spec", "externalIPs")?.array?.compactMap(\.string) ?? []
        return addresses.isEmpty ? "<none>" : addresses.joined(separator: ",")
      },
      .text("Port(s)") { service in
        let ports = (path(service, "spec", "ports")?.array ?? []).map { port in
          text(port, "port") + (port["nodePort"].map { ":" + $0.text } ?? "") + "/" + text(port, "protocol")
        }
        return ports.isEmpty ? "<none>" : ports.joined(separator: ",")
      },
    ],
    "ConfigMap": [
      TableColumn(name: "Data", type: "integer") { map, _ in
        .integer((map["data"]?.object?.count ?? 0) + (map["binaryData"]?.object?.count ?? 0))
      }
    ],
    "Secret": [
      .text("Type") { text($0, "type") },
      TableColumn(name: "Data", type: "integer") { secret, _ in .integer(secret["data"]?.object?.count ?? 0) },
    ],
    "ServiceAccount": [TableColumn(name: "Secrets", type: "integer") { account, _ in .integer(account["secrets"]?.array?.count ?? 0) }],
    "Deployment": [
      .text("Ready") { "\(number($0, "status", "readyReplicas"))/\(number($0, "spec", "replicas"))" },
      .number("Up-to-date", ["status", "updatedReplicas"]), .number("Available", ["status", "availableReplicas"]),
    ],
    "ReplicaSet": [
      .number("Desired", ["spec", "replicas"]), .number("Current", ["status", "replicas"]), .number("Ready", ["status", "readyReplicas"]),
    ],
    "StatefulSet": [.text("Ready") { "\(number($0, "status", "readyReplicas"))/\(number($0, "spec", "replicas"))" }],
    "DaemonSet": [
      .number("Desired", ["status", "desiredNumberScheduled"]), .number("Current", ["status", "currentNumberScheduled"]),
      .number("Ready", ["status", "numberReady"]), .number("Up-to-date", ["status", "updatedNumberScheduled"]),
      .number("Available", ["status", "numberAvailable"]),
      .text("Node Selector") { set in
        let pairs = path(set, "spec", "template", "spec", "nodeSelector")?.object ?? [:]
        return pairs.isEmpty ? "<none>" : pairs.map { "\($0.key)=\($0.value.string ?? "")" }.sorted().joined(separator: ",")
      },
    ],
    "Job": [
      .text("Status") { job in
        let conditions = (path(job, "status", "conditions")?.array ?? []).filter { $0["status"] == "True" }.compactMap {
          $0["type"]?.string
        }
        for state in ["Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"] where conditions.contains(state) {
          return state
        }
        return path(job, "metadata", "deletionTimestamp") != nil ? "Terminating" : "Running"
      },
      .text("Completions") { "\(number($0, "status", "succeeded"))/\(path($0, "spec", "completions")?.int ?? 1)" },
      TableColumn(name: "Duration") { job, now in
        guard let start = Timestamp(rfc3339: text(job, "status", "startTime")) else { return "" }
        let end = Timestamp(rfc3339: text(job, "status", "completionTime")) ?? now
        return .string(HumanDuration.text(seconds: end.seconds - start.seconds))
      },
    ],
    "Lease": [.text("Holder") { text($0, "spec", "holderIdentity") }],
    "RoleBinding": [.text("Role") { text($0, "roleRef", "kind") + "/" + text($0, "roleRef", "name") }],
    "ClusterRoleBinding": [.text("Role") { text($0, "roleRef", "kind") + "/" + text($0, "roleRef", "name") }],
  ]

  /// What stands behind age; only Node shows one of these without `-o wide`.
  private static let wide: [String: [TableColumn]] = [
    "Node": [
      .text("Version") { text($0, "status", "nodeInfo", "kubeletVersion") },
      .text("Internal-IP", priority: 1) { nodeAddress($0, "InternalIP") },
      .text("External-IP", priority: 1) { nodeAddress($0, "ExternalIP") },
      .text("OS-Image", priority: 1) { orUnknown(text($0, "status", "nodeInfo", "osImage")) },
      .text("Kernel-Version", priority: 1) { orUnknown(text($0, "status", "nodeInfo", "kernelVersion")) },
      .text("Container-Runtime", priority: 1) { orUnknown(text($0, "status", "nodeInfo", "containerRuntimeVersion")) },
    ],
    "Pod": [
      .text("IP", priority: 1) { orNone(text($0, "status", "podIP")) },
      .text("Node", priority: 1) { orNone(text($0, "spec", "nodeName")) },
      .text("Nominated Node", priority: 1) { orNone(text($0, "status", "nominatedNodeName")) },
      .text("Readiness Gates", priority: 1) { _ in "<none>" },
    ],
    "Service": [
      .text("Selector", priority: 1) { service in
        orNone(LabelSelectorObject(["matchLabels": path(service, "spec", "selector") ?? [:]]).text)
      }
    ],
    "Deployment": template, "ReplicaSet": template, "DaemonSet": template, "Job": template,
    "StatefulSet": Array(template.prefix(2)),
    "RoleBinding": subjects, "ClusterRoleBinding": subjects,
  ]

  private static let template: [TableColumn] = [
    .text("Containers", priority: 1) { containers($0).compactMap { $0["name"]?.string }.joined(separator: ",") },
    .text("Images", priority: 1) { containers($0).compactMap { $0["image"]?.string }.joined(separator: ",") },
    .text("Selector", priority: 1) { LabelSelectorObject(path($0, "spec", "selector") ?? [:]).text },
  ]

  private static let subjects: [TableColumn] = ["User", "Group", "ServiceAccount"].map { kind in
    .text(kind == "ServiceAccount" ? "ServiceAccounts" : kind + "s", priority: 1) { binding in
      (binding["subjects"]?.array ?? []).filter { $0["kind"]?.string == kind }
        .map { ($0.text("namespace").map { $0 + "/" } ?? "") + text($0, "name") }.joined(separator: ", ")
    }
  }

  /// Events have an order of their own: the object's name is the last thing of interest.
  private static let event: [TableColumn] = [
    TableColumn(name: "Last Seen") { event, now in
      let stamp = event.text("lastTimestamp") ?? event.text("eventTime") ?? path(event, "metadata", "creationTimestamp")?.string
      return .string(HumanDuration.age(stamp, now: now))
    },
    .text("Type") { text($0, "type") },
    .text("Reason") { text($0, "reason") },
    .text("Object") { text($0, "involvedObject", "kind").lowercased() + "/" + text($0, "involvedObject", "name") },
    .text("Subobject", priority: 1) { text($0, "involvedObject", "fieldPath") },
    .text("Source", priority: 1) { event in
      [text(event, "source", "component"), text(event, "source", "host")].filter { !$0.isEmpty }.joined(separator: ", ")
    },
    .text("Message") { text($0, "message") },
    TableColumn(name: "First Seen", priority: 1) { event, now in
      let stamp = event.text("firstTimestamp") ?? event.text("eventTime") ?? path(event, "metadata", "creationTimestamp")?.string
      return .string(HumanDuration.age(stamp, now: now))
    },
    TableColumn(name: "Count", type: "integer", priority: 1) { event, _ in event["count"] ?? 1 },
    TableColumn(name: "Name", format: "name", priority: 1) { event, _ in path(event, "metadata", "name") ?? "" },
  ]

  /// CRDs and roles show when they were made, not their age.
  private static let dated: [TableColumn] = [
    .name, TableColumn(name: "Created At", type: "date") { object, _ in path(object, "metadata", "creationTimestamp") ?? "" },
  ]

  private static func containers(_ object: JSONValue) -> [JSONValue] { path(object, "spec", "template", "spec", "containers")?.array ?? [] }

  private static func orNone(_ text: String) -> String { text.isEmpty ? "<none>" : text }
  private static func orUnknown(_ text: String) -> String { text.isEmpty ? "<unknown>" : text }

  private static func nodeStatus(_ node: JSONValue) -> String {
    let ready = (path(node, "status", "conditions")?.array ?? []).first { $0["type"] == "Ready" }
    var state = ready == nil ? "Unknown" : ready?["status"] == "True" ? "Ready" : "NotReady"
    if path(node, "spec", "unschedulable")?.bool == true { state += ",SchedulingDisabled" }
    return state
  }

  private static func nodeRoles(_ node: JSONValue) -> String {
    let prefix = "node-role.kubernetes.io/"
    let roles = (path(node, "metadata", "labels")?.object ?? [:]).keys.filter { $0.hasPrefix(prefix) }.map {
      String($0.dropFirst(prefix.count))
    }
    return orNone(roles.sorted().joined(separator: ","))
  }

  private static func nodeAddress(_ node: JSONValue, _ type: String) -> String {
    orNone((path(node, "status", "addresses")?.array ?? []).first { $0["type"]?.string == type }?["address"]?.string ?? "")
  }

  /// The phase, unless a container, the reason or a deletion has more to say.
  private static func podStatus(_ pod: JSONValue) -> String {
    var reason = text(pod, "status", "reason")
    if reason.isEmpty { reason = text(pod, "status", "phase") }
    let conditions = path(pod, "status", "conditions")?.array ?? []
    if conditions.contains(where: { $0["type"] == "PodScheduled" && $0["reason"] == "SchedulingGated" }) { reason = "SchedulingGated" }
    for status in path(pod, "status", "containerStatuses")?.array ?? [] {
      if let waiting = path(status, "state", "waiting", "reason")?.string, !waiting.isEmpty { reason = waiting }
      if let ended = path(status, "state", "terminated") {
        let code = ended["exitCode"]?.int ?? 0
        reason = ended.text("reason") ?? "ExitCode:\(code)"
      }
    }
    guard path(pod, "metadata", "deletionTimestamp") != nil else { return reason }
    if ["Succeeded", "Failed"].contains(text(pod, "status", "phase")) { return reason }
    return text(pod, "status", "reason") == "NodeLost" ? "Unknown" : "Terminating"
  }
}
