import KubeAPI
import NetAddress
package import WireJSON

/// Kinds of other projects that the lab serves so that there is something to work with; on a cluster their owners install them.
package enum LabFixtures {
  /// Multus' NetworkAttachmentDefinition, and KubeVirt's virtual machines for tests of address retention.
  package static var customResources: [JSONValue] {
    [
      definition(
        NetworkAttachmentDefinition.resourceType, singular: "network-attachment-definition", shortNames: ["net-attach-def"], schema: nad),
      definition(
        ResourceType(group: "kubevirt.io", version: "v1", plural: "virtualmachines", kind: "VirtualMachine", isNamespaced: true),
        singular: "virtualmachine", shortNames: ["vm", "vms"], schema: anything, hasStatus: true),
      definition(
        ResourceType(
          group: "kubevirt.io", version: "v1", plural: "virtualmachineinstances", kind: "VirtualMachineInstance", isNamespaced: true),
        singular: "virtualmachineinstance", shortNames: ["vmi", "vmis"], schema: anything, hasStatus: true),
    ]
  }

  private static let nad: JSONValue = [
    "type": "object",
    "description": "A network that pods can be attached to: a CNI configuration, named by the annotation k8s.v1.cni.cncf.io/networks.",
    "properties": [
      "apiVersion": ["type": "string"], "kind": ["type": "string"], "metadata": ["type": "object"],
      "spec": [
        "type": "object", "properties": ["config": ["type": "string", "description": "The CNI configuration, as JSON text."]],
      ],
    ],
  ]

  private static let anything: JSONValue = ["type": "object", "x-kubernetes-preserve-unknown-fields": true]

  private static func definition(
    _ type: ResourceType, singular: String, shortNames: [String], schema: JSONValue, hasStatus: Bool = false
  ) -> JSONValue {
    var version: JSONValue = [
      "name": .string(type.version), "served": true, "storage": true, "schema": ["openAPIV3Schema": schema],
    ]
    if hasStatus { version["subresources"] = ["status": [:]] }
    return [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
      "metadata": ["name": .string(type.plural + "." + type.group)],
      "spec": [
        "group": .string(type.group), "scope": "Namespaced",
        "names": [
          "plural": .string(type.plural), "singular": .string(singular), "kind": .string(type.kind),
          "listKind": .string(type.kind + "List"),
          "shortNames": .array(shortNames.map { .string($0) }),
        ],
        "versions": [version],
      ],
    ]
  }

  /// A node as kubelet registers it; it is not ready before its agent says so.
  package static func node(_ node: NodePlan) -> JSONValue {
    [
      "apiVersion": "v1", "kind": "Node",
      "metadata": [
        "name": .string(node.name),
        "labels": ["kubernetes.io/hostname": .string(node.name), "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"],
      ],
      "spec": ["podCIDR": .string(node.podNetwork.description), "podCIDRs": [.string(node.podNetwork.description)]],
    ]
  }
}
