import CNI
package import KubeAPI
package import WireJSON

/// One attempt to give a pod its network: identity, namespace, NICs, and how far it came. Kept in a file, so that a new agent finds it.
package struct Sandbox: Sendable, Equatable {
  /// 64 hexadecimal digits, as a container runtime's.
  package var id: String
  package var pod: ObjectKey
  package var podUID: String
  /// The namespace's name under /run/netns.
  package var namespace: String
  package var attachments: [NetworkAttachment]
  /// What the plugins answered, by position in `attachments`; shorter while the set-up is under way.
  package var results: [JSONValue] = []
  /// Whether all of it came up.
  package var isReady = false

  package init(id: String, pod: ObjectKey, podUID: String, namespace: String, attachments: [NetworkAttachment]) {
    self.id = id
    self.pod = pod
    self.podUID = podUID
    self.namespace = namespace
    self.attachments = attachments
  }

  package static func randomID(using generator: inout some RandomNumberGenerator) -> String {
    (0..<4).map { _ in
      let text = String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 16)
      return String(repeating: "0", count: 16 - text.utf8.count) + text
    }.joined()
  }

  /// `LAB-pod-<ns>-<name>-<hash>`, cut so that it stays a short file name; the hash keeps it unique.
  package static func namespaceName(lab: String, pod: ObjectKey, id: String) -> String {
    "\(lab)-pod-" + (pod.namespace + "-" + pod.name).prefix(60) + "-" + id.prefix(8)
  }

  /// CNI_ARGS in the order that `generator` picks: containerd's comes from a Go map, so nobody may rely on any.
  package func arguments(of attachment: NetworkAttachment, using generator: inout some RandomNumberGenerator) -> String {
    var pairs = [
      ("IgnoreUnknown", "true"), (CNIArguments.Key.podNamespace.rawValue, pod.namespace), (CNIArguments.Key.podName.rawValue, pod.name),
      (CNIArguments.Key.sandboxID.rawValue, id), (CNIArguments.Key.podUID.rawValue, podUID),
    ]
    pairs += attachment.arguments.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    pairs.shuffle(using: &generator)
    return pairs.map { $0.0 + "=" + $0.1 }.joined(separator: ";")
  }
}

extension Sandbox {
  package var json: JSONValue {
    [
      "id": .string(id), "podNamespace": .string(pod.namespace), "podName": .string(pod.name), "podUID": .string(podUID),
      "namespace": .string(namespace), "attachments": .array(attachments.map(\.json)), "results": .array(results),
      "isReady": .bool(isReady),
    ]
  }

  /// nil for anything that `json` did not write, also a file cut short by a crash.
  package init?(json: JSONValue) {
    guard let id = json["id"]?.string, let podNamespace = json["podNamespace"]?.string, let podName = json["podName"]?.string,
      let podUID = json["podUID"]?.string, let namespace = json["namespace"]?.string, let attachments = json["attachments"]?.array,
      let results = json["results"]?.array, let isReady = json["isReady"]?.bool
    else { return nil }
    let parsed = attachments.compactMap(NetworkAttachment.init(json:))
    guard parsed.count == attachments.count, results.count <= parsed.count, !id.isEmpty, !namespace.contains("/") else { return nil }
    self.init(id: id, pod: ObjectKey(namespace: podNamespace, name: podName), podUID: podUID, namespace: namespace, attachments: parsed)
    self.results = results
    self.isReady = isReady
  }
}
