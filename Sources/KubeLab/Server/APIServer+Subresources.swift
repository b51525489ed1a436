import HTTPMessage
import WireJSON

/// `/binding`, `/eviction`, `/scale` and `/finalize`.
extension APIServer {
  func answerSubresource(_ subresource: String, _ call: APICall) throws -> HTTPResponse {
    switch (subresource, call.request.method) {
    case ("binding", "POST"): return try bind(call)
    case ("eviction", "POST"): return try evict(call)
    case ("finalize", "PUT"): return try finalize(call)
    case ("scale", "GET"): return HTTPResponse(status: 200, json: Self.scale(try current(call)).bytes)
    case ("scale", "PUT"), ("scale", "PATCH"): return try rescale(call)
    default: throw APIStatus.methodNotAllowed()
    }
  }

  private func bind(_ call: APICall) throws -> HTTPResponse {
    let body = try call.decodedBody()
    let name = call.name ?? ""
    guard let node = body[path: ["target", "name"]]?.string, !node.isEmpty else {
      throw APIStatus.badRequest("Binding \"\(name)\" is invalid: target.name: Required value")
    }
    let uid = body["metadata"]?.text("uid")
    let stored = try modify(call, booking: .update) { old in
      if let uid, uid != old.uid {
        throw APIStatus.conflict(call.definition, name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(old.uid)")
      }
      if let bound = old.object["spec"]?.text("nodeName") {
        throw APIStatus.conflict(call.definition, name, "pod \(name) is already assigned to node \"\(bound)\"")
      }
      if old.object[path: ["metadata", "deletionTimestamp"]] != nil {
        throw APIStatus.conflict(call.definition, name, "pod \(name) is being deleted, cannot be assigned to a host")
      }
      return Self.bound(old.object, to: node, body, now)
    }
    let status: JSONValue = ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "code": 201]
    _ = stored
    return HTTPResponse(status: 201, json: status.bytes)
  }

  private static func bound(_ pod: JSONValue, to node: String, _ body: JSONValue, _ now: Timestamp) -> JSONValue {
    var pod = pod
    pod["spec"]?["nodeName"] = .string(node)
    if let added = body[path: ["metadata", "annotations"]]?.object {
      var annotations = pod[path: ["metadata", "annotations"]]?.object ?? [:]
      annotations.merge(added) { _, new in new }
      pod["metadata"]?["annotations"] = .object(annotations)
    }
    var conditions = (pod[path: ["status", "conditions"]]?.array ?? []).filter { $0["type"] != "PodScheduled" }
    conditions.append(
      ["type": "PodScheduled", "status": "True", "lastProbeTime": .null, "lastTransitionTime": .string(now.text)])
    pod["status"]?["conditions"] = .array(conditions)
    return pod
  }

  private func evict(_ call: APICall) throws -> HTTPResponse {
    let body = call.request.body.isEmpty ? JSONValue.object([:]) : try call.decodedBody()
    let options = try DeleteOptions(body["deleteOptions"] ?? [:], call)
    _ = try delete(call.definition, call.key(call.name ?? ""), options)
    let status: JSONValue = ["apiVersion": "v1", "kind": "Status", "metadata": [:], "status": "Success", "code": 201]
    return HTTPResponse(status: 201, json: status.bytes)
  }

  /// The old way to empty a namespace's `spec.finalizers`.
  private func finalize(_ call: APICall) throws -> HTTPResponse {
    let body = try call.decodedBody()
    let old = try current(call)
    edit(call.definition, old.key) { $0["spec"] = body["spec"] ?? [:] }
    return answer(store.object(call.definition.storage, old.key) ?? old, call)
  }

  // MARK: Scale

  private static func scale(_ workload: StoredObject) -> JSONValue {
    let object = workload.object
    var metadata: JSONValue = ["name": .string(workload.key.name), "namespace": .string(workload.key.namespace)]
    for name in ["uid", "resourceVersion", "creationTimestamp"] { metadata[name] = object[path: ["metadata", name]] }
    return [
      "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
      "spec": ["replicas": object[path: ["spec", "replicas"]] ?? 0],
      "status": [
        "replicas": object[path: ["status", "replicas"]] ?? 0,
        "selector": .string(LabelSelectorObject(object[path: ["spec", "selector"]] ?? [:]).text),
      ],
    ]
  }

  private func rescale(_ call: APICall) throws -> HTTPResponse {
    let change: (JSONValue) throws -> JSONValue
    if call.request.method == "PATCH" {
      change = try patchFunction(call, schema: BuiltinKinds.scale)
    } else {
      let body = try call.decodedBody()
      change = { _ in body }
    }
    var whole = call
    whole.subresource = nil
    let stored = try modify(whole, booking: .update) { old in
      let scale = try change(Self.scale(old))
      guard let replicas = scale[path: ["spec", "replicas"]]?.int ?? (scale[path: ["spec", "replicas"]] == nil ? 0 : nil) else {
        throw APIStatus.badRequest("Scale in version \"v1\" cannot be handled as a Scale: spec.replicas must be an integer")
      }
      guard replicas >= 0 else {
        throw APIStatus.invalid(
          call.definition, old.key.name, [.invalid("spec.replicas", .integer(replicas), "must be greater than or equal to 0")])
      }
      var object = old.object
      object["spec"]?["replicas"] = .integer(replicas)
      if let version = scale["metadata"]?.text("resourceVersion") { object["metadata"]?["resourceVersion"] = .string(version) }
      return object
    }
    return HTTPResponse(status: 200, json: Self.scale(stored).bytes)
  }
}
