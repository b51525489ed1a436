package import NetAddress
package import WireJSON

/// One node in numbers: all that follows from its place in the row. The addresses exist in the lab's namespaces only.
package struct NodePlan: Sendable, Hashable {
  /// From 1.
  package let number: Int

  /// More would not fit the addresses below.
  package static let limit = 99

  package init(number: Int) {
    precondition((1...Self.limit).contains(number), "a lab has 1 to \(Self.limit) nodes")
    self.number = number
  }

  package var name: String { "node\(number)" }

  /// Its address on the wire, one a family, v4 first.
  package var addresses: [CIDR] { [Self.cidr("192.168.222.\(number)/24"), Self.cidr("fd00:222::\(number)/64")] }

  /// What its pods' eth0 get addresses from, unless a pod names another default network.
  package var podNetwork: CIDR { Self.cidr("10.244.\(number).0/24") }

  /// The default network: the reference `bridge` plugin with `host-local`, whose book is kept below `dataDirectory`.
  package func defaultNetwork(dataDirectory: String) -> JSONValue {
    [
      "cniVersion": "1.0.0", "name": "lab-default",
      "plugins": [
        [
          "type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true, "ipMasq": false, "hairpinMode": true,
          "ipam": [
            "type": "host-local", "ranges": [[["subnet": .string(podNetwork.description)]]], "dataDir": .string(dataDirectory),
          ],
        ]
      ],
    ]
  }

  /// The Node object's `status`, as its kubelet would write it.
  package func status(isReady: JSONValue, reason: String, message: String, now: String) -> JSONValue {
    var addresses: [JSONValue] = self.addresses.map { ["type": "InternalIP", "address": .string($0.address.description)] }
    addresses.append(["type": "Hostname", "address": .string(name)])
    return [
      "addresses": .array(addresses),
      "conditions": [
        [
          "type": "Ready", "status": isReady, "reason": .string(reason), "message": .string(message), "lastTransitionTime": .string(now),
          "lastHeartbeatTime": .string(now),
        ]
      ],
      "capacity": ["cpu": "8", "memory": "16Gi", "pods": "250"], "allocatable": ["cpu": "8", "memory": "16Gi", "pods": "250"],
      "nodeInfo": [
        "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "kube-ovn-lab://0", "kernelVersion": "", "kubeProxyVersion": "",
        "kubeletVersion": "v1.32.0", "machineID": "", "operatingSystem": "linux", "osImage": "kube-ovn-lab", "systemUUID": "",
      ],
    ]
  }

  private static func cidr(_ text: String) -> CIDR {
    guard let cidr = CIDR(text) else { preconditionFailure("\(text) is a CIDR for every node number up to the limit") }
    return cidr
  }
}
