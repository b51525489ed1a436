package import KubeAPI
package import WireJSON

/// What the node agent writes into `status` as kubelet does, as strategic merge patches (conditions merge by type).
package enum PodStatusPatch {
  /// All containers run. `addresses` are the primary NIC's, v4 first.
  package static func running(_ pod: PodObject, addresses: [String], hostAddresses: [String], now: Timestamp) -> JSONValue {
    let started = JSONValue.string(now.description)
    var status = life(pod, phase: "Running", isReady: true, reason: nil, now: now)
    if let first = addresses.first { status["podIP"] = .string(first) }
    status["podIPs"] = .array(addresses.map { ["ip": .string($0)] })
    if let first = hostAddresses.first { status["hostIP"] = .string(first) }
    status["hostIPs"] = .array(hostAddresses.map { ["ip": .string($0)] })
    status["startTime"] = pod.status["startTime"] ?? started
    status["containerStatuses"] = .array(
      containers(of: pod).map { container($0, state: ["running": ["startedAt": started]], isReady: true) })
    return body(pod, status)
  }

  /// All containers ended with `code`.
  package static func exited(_ pod: PodObject, code: Int, now: Timestamp) -> JSONValue {
    let started = pod.status["startTime"] ?? .string(now.description)
    var status = life(
      pod, phase: code == 0 ? "Succeeded" : "Failed", isReady: false, reason: code == 0 ? "PodCompleted" : "PodFailed", now: now)
    let ended: JSONValue = [
      "terminated": [
        "exitCode": .integer(code), "reason": code == 0 ? "Completed" : "Error", "startedAt": started,
        "finishedAt": .string(now.description),
      ]
    ]
    status["containerStatuses"] = .array(containers(of: pod).map { container($0, state: ended, isReady: false) })
    return body(pod, status)
  }

  /// Before the network is there: the containers wait.
  package static func creating(_ pod: PodObject, hostAddresses: [String], now: Timestamp) -> JSONValue {
    var status = life(pod, phase: "Pending", isReady: false, reason: "ContainersNotReady", now: now)
    status["startTime"] = pod.status["startTime"] ?? .string(now.description)
    if let first = hostAddresses.first { status["hostIP"] = .string(first) }
    status["hostIPs"] = .array(hostAddresses.map { ["ip": .string($0)] })
    status["containerStatuses"] = .array(
      containers(of: pod).map { container($0, state: ["waiting": ["reason": "ContainerCreating"]], isReady: false) })
    return body(pod, status)
  }

  /// The uid makes it a conflict when the name belongs to another pod by now.
  private static func body(_ pod: PodObject, _ status: [String: JSONValue]) -> JSONValue {
    ["metadata": ["uid": .string(pod.metadata.uid)], "status": .object(status)]
  }

  private static func life(_ pod: PodObject, phase: String, isReady: Bool, reason: String?, now: Timestamp) -> [String: JSONValue] {
    let hasNetwork = phase == "Running"
    var conditions: [JSONValue] = []
    for (type, value) in [
      ("PodReadyToStartContainers", hasNetwork), ("Initialized", true), ("Ready", isReady), ("ContainersReady", isReady),
      ("PodScheduled", true),
    ] {
      let wanted = value ? "True" : "False"
      let old = pod.status["conditions"]?.array?.first { $0["type"]?.string == type }
      let since = old?["status"]?.string == wanted ? old?["lastTransitionTime"] : nil
      var condition: JSONValue = [
        "type": .string(type), "status": .string(wanted), "lastTransitionTime": since ?? .string(now.description),
      ]
      if !value, let reason, type != "PodReadyToStartContainers" { condition["reason"] = .string(reason) }
      conditions.append(condition)
    }
    return ["phase": .string(phase), "qosClass": pod.status["qosClass"] ?? "BestEffort", "conditions": .array(conditions)]
  }

  private static func containers(of pod: PodObject) -> [JSONValue] { pod.spec["containers"]?.array ?? [] }

  private static func container(_ container: JSONValue, state: JSONValue, isReady: Bool) -> JSONValue {
    let name = container["name"]?.string ?? ""
    let image = container["image"]?.string ?? ""
    return [
      "name": .string(name), "image": .string(image), "imageID": isReady ? .string(image) : "",
      "containerID": isReady ? .string("lab://" + name) : "", "ready": .bool(isReady), "started": .bool(isReady), "restartCount": 0,
      "lastState": [:], "state": state,
    ]
  }
}
