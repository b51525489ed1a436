import WireJSON

/// Defaults and validation of Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs.
enum WorkloadRules {
  static func deployment() -> KindRules {
    rules(
      fill: { spec in
        spec.setDefault("replicas", 1)
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault("progressDeadlineSeconds", 600)
        spec.setDefault("strategy", [:])
        spec.edit("strategy") { strategy in
          strategy.setDefault("type", "RollingUpdate")
          guard strategy["type"] == "RollingUpdate" else { return }
          strategy.setDefault("rollingUpdate", [:])
          strategy.edit("rollingUpdate") {
            $0.setDefault("maxUnavailable", "25%")
            $0.setDefault("maxSurge", "25%")
          }
        }
      }, validate: { new, old in checkSelector(new, old) })
  }

  static func replicaSet() -> KindRules {
    rules(
      fill: { $0.setDefault("replicas", 1) },
      validate: { new, old in checkSelector(new, old) })
  }

  static func statefulSet() -> KindRules {
    rules(
      fill: { spec in
        spec.setDefault("replicas", 1)
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault("podManagementPolicy", "OrderedReady")
        spec.setDefault("updateStrategy", [:])
        spec.edit("updateStrategy") { strategy in
          strategy.setDefault("type", "RollingUpdate")
          if strategy["type"] == "RollingUpdate" { strategy.setDefault("rollingUpdate", ["partition": 0]) }
        }
        spec.setDefault("persistentVolumeClaimRetentionPolicy", ["whenDeleted": "Retain", "whenScaled": "Retain"])
      },
      validate: { new, old in checkSelector(new, old) + statefulErrors(new, old) })
  }

  static func daemonSet() -> KindRules {
    rules(
      fill: { spec in
        spec.setDefault("revisionHistoryLimit", 10)
        spec.setDefault("updateStrategy", [:])
        spec.edit("updateStrategy") { strategy in
          strategy.setDefault("type", "RollingUpdate")
          if strategy["type"] == "RollingUpdate" { strategy.setDefault("rollingUpdate", ["maxUnavailable": 1, "maxSurge": 0]) }
        }
      },
      validate: { new, old in checkSelector(new, old) })
  }

  static func job() -> KindRules {
    var rules = rules(
      fill: { spec in
        if spec["completions"] == nil, spec["parallelism"] == nil { spec["completions"] = 1 }
        spec.setDefault("parallelism", 1)
        spec.setDefault("backoffLimit", 6)
        spec.setDefault("completionMode", "NonIndexed")
        spec.setDefault("suspend", false)
        spec.setDefault("podReplacementPolicy", "TerminatingOrFailed")
        spec.setDefault("manualSelector", false)
      }, validate: jobErrors)
    // A job finds its pods by its own uid, unless its author insists.
    rules.begin = { job, _ in
      guard job[path: ["spec", "manualSelector"]]?.bool != true else { return }
      let uid = job[path: ["metadata", "uid"]] ?? ""
      let name = job[path: ["metadata", "name"]] ?? ""
      job.edit("spec") { spec in
        spec["selector"] = ["matchLabels": ["batch.kubernetes.io/controller-uid": uid]]
        spec.setDefault("template", [:])
        spec.edit("template") { template in
          var labels = template[path: ["metadata", "labels"]]?.object ?? [:]
          for prefix in ["batch.kubernetes.io/", ""] {
            labels[prefix + "controller-uid"] = uid
            labels[prefix + "job-name"] = name
          }
          template.setDefault("metadata", [:])
          template["metadata"]?["labels"] = .object(labels)
        }
      }
      job["status"] = [:]
    }
    return rules
  }

  private static func rules(
    fill: @escaping @Sendable (inout JSONValue) -> Void, validate: @escaping @Sendable (JSONValue, JSONValue?) -> [FieldError]
  ) -> KindRules {
    var rules = KindRules()
    rules.defaults = { object in
      object.setDefault("spec", [:])
      object.edit("spec") { spec in
        fill(&spec)
        spec.edit("template") { template in
          template.setDefault("spec", [:])
          template.edit("spec", PodRules.fillSpec)
        }
      }
    }
    rules.begin = { object, _ in object["status"] = [:] }
    rules.validate = validate
    return rules
  }

  /// The selector is there, fits the template and never changes.
  private static func checkSelector(_ new: JSONValue, _ old: JSONValue?) -> [FieldError] {
    var errors: [FieldError] = []
    let spec = new["spec"] ?? [:]
    let selector = spec["selector"] ?? [:]
    let labels = spec[path: ["template", "metadata", "labels"]] ?? [:]
    let isEmpty = (selector["matchLabels"]?.object ?? [:]).isEmpty && (selector["matchExpressions"]?.array ?? []).isEmpty
    if spec["selector"] == nil {
      errors.append(.required("spec.selector"))
    } else if isEmpty {
      errors.append(.invalid("spec.selector", selector, "empty selector is invalid for deployment"))
    } else if !LabelSelectorObject(selector).matches(labels) {
      errors.append(.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    }
    if let old, let before = old[path: ["spec", "selector"]], before != spec["selector"] {
      errors.append(.invalid("spec.selector", selector, "field is immutable"))
    }
    if let replicas = spec["replicas"]?.int, replicas < 0 {
      errors.append(.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0"))
    }
    errors += PodRules.check(spec[path: ["template", "spec"]] ?? [:], path: "spec.template.spec")
    if spec[path: ["template", "spec", "restartPolicy"]]?.string != "Always" {
      errors.append(.notSupported("spec.template.spec.restartPolicy", spec[path: ["template", "spec", "restartPolicy"]] ?? "", ["Always"]))
    }
    return errors
  }

  private static let statefulMutable = [
    "replicas", "ordinals", "template", "updateStrategy", "persistentVolumeClaimRetentionPolicy", "minReadySeconds", "revisionHistoryLimit",
  ]

  private static func statefulErrors(_ new: JSONValue, _ old: JSONValue?) -> [FieldError] {
    guard let old else { return [] }
    func fixed(_ object: JSONValue) -> [String: JSONValue] {
      (object["spec"]?.object ?? [:]).filter { !statefulMutable.contains($0.key) }
    }
    guard fixed(new) != fixed(old) else { return [] }
    return [
      .forbidden(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
          + "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden")
    ]
  }

  private static func jobErrors(_ new: JSONValue, _ old: JSONValue?) -> [FieldError] {
    var errors: [FieldError] = []
    let spec = new["spec"] ?? [:]
    let template = spec[path: ["template", "spec"]] ?? [:]
    errors += PodRules.check(template, path: "spec.template.spec")
    if !["OnFailure", "Never"].contains(template["restartPolicy"]?.string) {
      errors.append(
        FieldError(
          kind: .required, field: "spec.template.spec.restartPolicy",
          message: "Required value: valid values: \"OnFailure\", \"Never\""))
    }
    for name in ["parallelism", "completions", "backoffLimit"] {
      if let number = spec[name]?.int, number < 0 {
        errors.append(.invalid("spec." + name, .integer(number), "must be greater than or equal to 0"))
      }
    }
    guard let old = old?["spec"] else { return errors }
    for name in ["completions", "selector", "template", "completionMode"] where spec[name] != old[name] {
      errors.append(.invalid("spec." + name, spec[name] ?? .null, "field is immutable"))
    }
    return errors
  }
}

/// A `LabelSelector` object.
struct LabelSelectorObject {
  private let selector: JSONValue

  init(_ selector: JSONValue) { self.selector = selector }

  func matches(_ labels: JSONValue) -> Bool {
    let pairs = selector["matchLabels"]?.object ?? [:]
    guard pairs.allSatisfy({ labels[$0.key] == $0.value }) else { return false }
    return (selector["matchExpressions"]?.array ?? []).allSatisfy { term in
      let value = labels[term["key"]?.string ?? ""]
      let values = term["values"]?.array ?? []
      switch term["operator"]?.string {
      case "In"?: return value.map(values.contains) ?? false
      case "NotIn"?: return !(value.map(values.contains) ?? false)
      case "Exists"?: return value != nil
      case "DoesNotExist"?: return value == nil
      default: return false
      }
    }
  }

  /// The selector in its text form, as tables and Scale show it.
  var text: String {
    var terms = (selector["matchLabels"]?.object ?? [:]).map { "\($0.key)=\($0.value.string ?? "")" }.sorted()
    for term in selector["matchExpressions"]?.array ?? [] {
      let key = term["key"]?.string ?? ""
      let values = (term["values"]?.array ?? []).compactMap(\.string).joined(separator: ",")
      switch term["operator"]?.string {
      case "In"?: terms.append("\(key) in (\(values))")
      case "NotIn"?: terms.append("\(key) notin (\(values))")
      case "Exists"?: terms.append(key)
      default: terms.append("!" + key)
      }
    }
    return terms.joined(separator: ",")
  }
}
