import WireJSON

/// Defaults and validation of the core kinds other than Pod, of Lease and of RBAC.
enum CoreRules {
  static func namespace() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.allowsUnconditionalUpdate = false
    rules.statusKeepsMetadata = false
    rules.defaults = { namespace in
      guard let name = namespace[path: ["metadata", "name"]] else { return }
      var labels = namespace[path: ["metadata", "labels"]] ?? [:]
      labels["kubernetes.io/metadata.name"] = name
      namespace["metadata"]?["labels"] = labels
    }
    rules.begin = { namespace, _ in
      namespace["spec"] = ["finalizers": ["kubernetes"]]
      namespace["status"] = ["phase": "Active"]
    }
    return rules
  }

  static func node() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.statusKeepsMetadata = false
    rules.defaults = { $0.setDefault("spec", [:]) }
    rules.begin = { node, _ in node.setDefault("status", [:]) }
    rules.validate = { new, old in
      guard let before = old?[path: ["spec", "podCIDR"]], before != new[path: ["spec", "podCIDR"]] else { return [] }
      return [.forbidden("spec.podCIDR", "node updates may only change podCIDR from empty to valid")]
    }
    return rules
  }

  static func service() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.defaults = { service in
      service.setDefault("spec", [:])
      service.edit("spec") { spec in
        spec.setDefault("type", "ClusterIP")
        spec.setDefault("sessionAffinity", "None")
        spec.editEach("ports") { port in
          port.setDefault("protocol", "TCP")
          if let number = port["port"] { port.setDefault("targetPort", number) }
        }
        guard spec["type"] != "ExternalName" else { return }
        spec.setDefault("ipFamilies", ["IPv4"])
        spec.setDefault("ipFamilyPolicy", "SingleStack")
        spec.setDefault("internalTrafficPolicy", "Cluster")
      }
    }
    rules.begin = { service, context in
      service["status"] = ["loadBalancer": [:]]
      service.edit("spec") { spec in
        guard spec["type"] != "ExternalName" else { return }
        if spec.text("clusterIP") == nil { spec["clusterIP"] = .string(context.serviceAddress()) }
        spec.setDefault("clusterIPs", [spec["clusterIP"] ?? ""])
        guard ["NodePort", "LoadBalancer"].contains(spec["type"]?.string) else { return }
        spec.editEach("ports") { port in
          if port["nodePort"]?.int ?? 0 == 0 { port["nodePort"] = .integer(context.nodePort()) }
        }
      }
    }
    rules.validate = { new, old in
      var errors: [FieldError] = []
      let spec = new["spec"] ?? [:]
      PodRules.check(spec, "type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], "spec", &errors)
      let ports = spec["ports"]?.array ?? []
      if ports.isEmpty, spec["type"] != "ExternalName", spec["clusterIP"] != "None" { errors.append(.required("spec.ports")) }
      for (index, port) in ports.enumerated() {
        if !(1...65535).contains(port["port"]?.int ?? 0) {
          errors.append(.invalid("spec.ports[\(index)].port", port["port"] ?? 0, "must be between 1 and 65535, inclusive"))
        }
        if ports.count > 1, port.text("name") == nil { errors.append(.required("spec.ports[\(index)].name")) }
      }
      if let before = old?[path: ["spec", "clusterIP"]], spec["clusterIP"] != before, spec["type"] != "ExternalName" {
        errors.append(.invalid("spec.clusterIPs[0]", spec["clusterIP"] ?? .null, "may not change once set"))
      }
      return errors
    }
    return rules
  }

  static func configMap() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.validate = { new, old in checkData(new, old, ["data", "binaryData"]) }
    return rules
  }

  static func secret() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.defaults = { secret in
      secret.setDefault("type", "Opaque")
      guard let texts = secret["stringData"]?.object else { return }
      var data = secret["data"]?.object ?? [:]
      for (name, text) in texts { data[name] = .string(Base64.encode(Array((text.string ?? "").utf8))) }
      secret["stringData"] = nil
      secret["data"] = .object(data)
    }
    rules.validate = { new, old in
      var errors = checkData(new, old, ["data"])
      for (name, value) in new["data"]?.object ?? [:] where Base64.decode(value.string ?? "") == nil {
        errors.append(.invalid("data[\(name)]", "<secret contents redacted>", "illegal base64 data"))
      }
      if let old, old["type"] != new["type"] { errors.append(.invalid("type", new["type"] ?? .null, "field is immutable")) }
      return errors
    }
    return rules
  }

  private static func checkData(_ new: JSONValue, _ old: JSONValue?, _ maps: [String]) -> [FieldError] {
    var errors: [FieldError] = []
    var size = 0
    for map in maps {
      for (name, value) in (new[map]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
        size += value.string?.utf8.count ?? 0
        let isKey =
          !name.isEmpty && name.utf8.count <= 253 && name != "." && name != ".."
          && name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
              || [0x2D, 0x2E, 0x5F].contains(byte)
          }
        if !isKey {
          errors.append(
            .invalid("\(map)[\(name)]", .string(name), "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"))
        }
      }
    }
    if size > 1 << 20 { errors.append(.tooLong("", limit: 1 << 20)) }
    if let old, old["immutable"]?.bool == true {
      for map in maps + ["immutable"] where new[map] != old[map] {
        errors.append(.forbidden(map, "field is immutable when `immutable` is set"))
      }
    }
    return errors
  }

  static func event() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.validate = { new, _ in
      let namespace = new[path: ["metadata", "namespace"]]?.string ?? ""
      let involved = new[path: ["involvedObject", "namespace"]]?.string ?? ""
      // Objects of cluster scope have their events in `default`.
      guard involved.isEmpty ? namespace != "default" : involved != namespace else { return [] }
      return [.invalid("involvedObject.namespace", .string(involved), "does not match event.namespace")]
    }
    return rules
  }

  static func lease() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    rules.allowsUnconditionalUpdate = false
    rules.validate = { new, _ in
      guard let seconds = new[path: ["spec", "leaseDurationSeconds"]]?.int, seconds <= 0 else { return [] }
      return [.invalid("spec.leaseDurationSeconds", .integer(seconds), "must be greater than 0")]
    }
    return rules
  }

  /// Kinds without rules of their own.
  static func plain() -> KindRules {
    var rules = KindRules()
    rules.tracksGeneration = false
    return rules
  }

  static func role() -> KindRules {
    var rules = plain()
    rules.hasPathNames = true
    rules.defaults = { $0.setDefault("rules", []) }
    rules.validate = { new, _ in
      (new["rules"]?.array ?? []).enumerated().compactMap { index, rule in
        (rule["verbs"]?.array ?? []).isEmpty ? .required("rules[\(index)].verbs", "verbs must contain at least one value") : nil
      }
    }
    return rules
  }

  static func binding() -> KindRules {
    var rules = plain()
    rules.hasPathNames = true
    rules.defaults = { binding in
      binding.edit("roleRef") { $0.setDefault("apiGroup", .string(BuiltinKinds.rbacGroup)) }
      binding.editEach("subjects") { subject in
        if subject["kind"] != "ServiceAccount" { subject.setDefault("apiGroup", .string(BuiltinKinds.rbacGroup)) }
      }
    }
    rules.validate = { new, old in
      var errors: [FieldError] = []
      if new.text("roleRef") == nil, (new[path: ["roleRef", "name"]]?.string ?? "").isEmpty { errors.append(.required("roleRef.name")) }
      PodRules.check(new["roleRef"] ?? [:], "kind", ["ClusterRole", "Role"], "roleRef", &errors)
      for (index, subject) in (new["subjects"]?.array ?? []).enumerated() {
        PodRules.check(subject, "kind", ["Group", "ServiceAccount", "User"], "subjects[\(index)]", &errors)
        if subject["kind"] == "ServiceAccount", subject.text("namespace") == nil, new[path: ["metadata", "namespace"]] == nil {
          errors.append(.required("subjects[\(index)].namespace"))
        }
      }
      if let before = old?["roleRef"], before != new["roleRef"] {
        errors.append(.invalid("roleRef", new["roleRef"] ?? .null, "cannot change roleRef"))
      }
      return errors
    }
    return rules
  }
}
