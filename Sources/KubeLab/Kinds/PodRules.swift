import WireJSON

/// Defaults and validation of pods and pod templates.
enum PodRules {
  static let rules: KindRules = {
    var rules = KindRules()
    // Pods have no generation before Kubernetes 1.33.
    rules.tracksGeneration = false
    rules.statusKeepsMetadata = false
    rules.defaults = { pod in
      pod.setDefault("spec", [:])
      pod.edit("spec") { spec in
        fillSpec(&spec)
        fillAdmission(&spec)
      }
    }
    rules.begin = { pod, _ in
      pod["status"] = ["phase": "Pending", "qosClass": .string(qualityClass(pod["spec"] ?? [:]))]
    }
    rules.validate = { new, old in
      var errors = check(new["spec"] ?? [:], path: "spec")
      if let old { errors += immutableErrors(new["spec"] ?? [:], old["spec"] ?? [:]) }
      return errors
    }
    return rules
  }()

  // MARK: Defaults

  static func fillSpec(_ spec: inout JSONValue) {
    spec.setDefault("restartPolicy", "Always")
    spec.setDefault("terminationGracePeriodSeconds", 30)
    spec.setDefault("dnsPolicy", "ClusterFirst")
    spec.setDefault("schedulerName", "default-scheduler")
    spec.setDefault("securityContext", [:])
    let isHostNetwork = spec["hostNetwork"]?.bool == true
    for list in ["containers", "initContainers", "ephemeralContainers"] {
      spec.editEach(list) { fillContainer(&$0, isHostNetwork: isHostNetwork) }
    }
    spec.editEach("volumes", fillVolume)
    if let account = spec.text("serviceAccountName") ?? spec.text("serviceAccount") {
      spec["serviceAccountName"] = .string(account)
      spec["serviceAccount"] = .string(account)
    }
  }

  /// What admission adds to pods, but not to templates.
  private static func fillAdmission(_ spec: inout JSONValue) {
    spec.setDefault("serviceAccountName", "default")
    spec.setDefault("serviceAccount", spec["serviceAccountName"] ?? "default")
    spec.setDefault("enableServiceLinks", true)
    spec.setDefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setDefault("priority", 0)
    var tolerations = spec["tolerations"]?.array ?? []
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
      let isTolerated = tolerations.contains {
        ($0.text("key") == key || $0.text("key") == nil) && [nil, "NoExecute"].contains($0.text("effect"))
      }
      if !isTolerated {
        tolerations.append(["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300])
      }
    }
    spec["tolerations"] = .array(tolerations)
  }

  private static func fillContainer(_ container: inout JSONValue, isHostNetwork: Bool) {
    let image = container["image"]?.string ?? ""
    let reference = image.split(separator: "/").last ?? ""
    let isLatest = !image.contains("@") && (!reference.contains(":") || reference.hasSuffix(":latest"))
    container.setDefault("imagePullPolicy", isLatest ? "Always" : "IfNotPresent")
    container.setDefault("terminationMessagePath", "/dev/termination-log")
    container.setDefault("terminationMessagePolicy", "File")
    container.setDefault("resources", [:])
    container.editEach("ports") { port in
      port.setDefault("protocol", "TCP")
      if isHostNetwork, let number = port["containerPort"] { port.setDefault("hostPort", number) }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] { container.edit(probe, fillProbe) }
    container.edit("resources") { resources in
      // What is limited and not asked for is asked for to the limit.
      guard let limits = resources["limits"]?.object, !limits.isEmpty else { return }
      var requests = resources["requests"]?.object ?? [:]
      for (name, limit) in limits where requests[name] == nil { requests[name] = limit }
      resources["requests"] = .object(requests)
    }
    container.editEach("env") { variable in
      variable.edit("valueFrom") { $0.edit("fieldRef") { $0.setDefault("apiVersion", "v1") } }
    }
  }

  private static func fillProbe(_ probe: inout JSONValue) {
    probe.setDefault("timeoutSeconds", 1)
    probe.setDefault("periodSeconds", 10)
    probe.setDefault("successThreshold", 1)
    probe.setDefault("failureThreshold", 3)
    probe.edit("httpGet") { action in
      action.setDefault("path", "/")
      action.setDefault("scheme", "HTTP")
    }
  }

  private static func fillVolume(_ volume: inout JSONValue) {
    if volume.object?.count == 1 { volume["emptyDir"] = [:] }
    for source in ["configMap", "secret", "downwardAPI", "projected"] { volume.edit(source) { $0.setDefault("defaultMode", 420) } }
    volume.edit("hostPath") { $0.setDefault("type", "") }
  }

  private static func qualityClass(_ spec: JSONValue) -> String {
    let containers = spec["containers"]?.array ?? []
    let isAsking = containers.contains { container in
      ["requests", "limits"].contains { container[path: ["resources", $0]]?.object?.isEmpty == false }
    }
    guard isAsking else { return "BestEffort" }
    let isGuaranteed = containers.allSatisfy { container in
      let limits = container[path: ["resources", "limits"]]
      return ["cpu", "memory"].allSatisfy { limits?[$0] != nil } && limits == container[path: ["resources", "requests"]]
    }
    return isGuaranteed ? "Guaranteed" : "Burstable"
  }

  // MARK: Validation

  static func check(_ spec: JSONValue, path: String) -> [FieldError] {
    var errors: [FieldError] = []
    let volumes = checkNames(spec["volumes"]?.array ?? [], path + ".volumes", &errors)
    let containers = spec["containers"]?.array ?? []
    if containers.isEmpty { errors.append(.required(path + ".containers")) }
    var seen: Set<String> = []
    for list in ["initContainers", "containers"] {
      for (index, container) in (spec[list]?.array ?? []).enumerated() {
        checkContainer(container, "\(path).\(list)[\(index)]", volumes, &seen, &errors)
      }
    }
    check(spec, "restartPolicy", ["Always", "OnFailure", "Never"], path, &errors)
    check(spec, "dnsPolicy", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], path, &errors)
    if let name = spec.text("nodeName"), !Names.isSubdomain(name) {
      errors.append(.invalid(path + ".nodeName", .string(name), Names.subdomainRule))
    }
    if let grace = spec["terminationGracePeriodSeconds"]?.int, grace < 0 {
      errors.append(.invalid(path + ".terminationGracePeriodSeconds", .integer(grace), "must be greater than or equal to 0"))
    }
    return errors
  }

  private static func checkContainer(
    _ container: JSONValue, _ path: String, _ volumes: Set<String>, _ seen: inout Set<String>, _ errors: inout [FieldError]
  ) {
    checkName(container, path, &seen, &errors)
    if container.text("image") == nil { errors.append(.required(path + ".image")) }
    check(container, "imagePullPolicy", ["Always", "IfNotPresent", "Never"], path, &errors)
    for (index, port) in (container["ports"]?.array ?? []).enumerated() {
      let number = port["containerPort"]?.int ?? 0
      if !(1...65535).contains(number) {
        errors.append(.invalid("\(path).ports[\(index)].containerPort", .integer(number), "must be between 1 and 65535, inclusive"))
      }
      check(port, "protocol", ["SCTP", "TCP", "UDP"], "\(path).ports[\(index)]", &errors)
    }
    for (index, variable) in (container["env"]?.array ?? []).enumerated() where variable.text("name") == nil {
      errors.append(.required("\(path).env[\(index)].name"))
    }
    for (index, mount) in (container["volumeMounts"]?.array ?? []).enumerated() {
      let name = mount["name"]?.string ?? ""
      if mount.text("mountPath") == nil { errors.append(.required("\(path).volumeMounts[\(index)].mountPath")) }
      if !volumes.contains(name) {
        errors.append(FieldError(kind: .invalid, field: "\(path).volumeMounts[\(index)].name", message: "Not found: \"\(name)\""))
      }
    }
  }

  private static func checkNames(_ list: [JSONValue], _ path: String, _ errors: inout [FieldError]) -> Set<String> {
    var seen: Set<String> = []
    for (index, element) in list.enumerated() { checkName(element, "\(path)[\(index)]", &seen, &errors) }
    return seen
  }

  private static func checkName(_ element: JSONValue, _ path: String, _ seen: inout Set<String>, _ errors: inout [FieldError]) {
    guard let name = element.text("name") else { return errors.append(.required(path + ".name")) }
    if !Names.isLabel(name) { errors.append(.invalid(path + ".name", .string(name), Names.labelRule)) }
    if !seen.insert(name).inserted { errors.append(.duplicate(path + ".name", .string(name))) }
  }

  static func check(_ value: JSONValue, _ name: String, _ allowed: [String], _ path: String, _ errors: inout [FieldError]) {
    guard let found = value[name] else { return }
    if !allowed.contains(found.string ?? "") { errors.append(.notSupported(path + "." + name, found, allowed.sorted())) }
  }

  // MARK: Immutability

  private static func immutableErrors(_ new: JSONValue, _ old: JSONValue) -> [FieldError] {
    let comparable = withoutMutable(new, like: old)
    guard comparable != withoutMutable(old, like: old) else { return [] }
    return [
      .forbidden(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
          + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
          + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")
    ]
  }

  /// The spec without what may change.
  private static func withoutMutable(_ spec: JSONValue, like old: JSONValue) -> JSONValue {
    var result = spec
    for list in ["containers", "initContainers"] { result.editEach(list) { $0["image"] = nil } }
    for name in ["activeDeadlineSeconds", "ephemeralContainers", "priorityClassName"] { result[name] = nil }
    let known = old["tolerations"]?.array ?? []
    let kept = (spec["tolerations"]?.array ?? []).filter(known.contains)
    result["tolerations"] = .array(kept.count >= known.count ? [] : kept)
    // Gates may only be removed, and while one is there the pod may still be told where not to run.
    let gates = old["schedulingGates"]?.array ?? []
    if (spec["schedulingGates"]?.array ?? []).allSatisfy(gates.contains) { result["schedulingGates"] = nil }
    if !gates.isEmpty {
      result["nodeSelector"] = nil
      result["affinity"] = nil
    }
    return result
  }
}
