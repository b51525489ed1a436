import KubeAPI
import Testing
import WireJSON

@Suite struct ResourceTests {
  @Test("a pod's projection keeps what addresses depend on and skips the rest")
  func decodesPod() throws {
    let pod = try Pod(
      decoding: Array(
        #"""
        {"kind":"Pod","metadata":{"name":"p","namespace":"d","uid":"u","resourceVersion":"7","annotations":{"a.kubernetes.io/b":"c"},
         "labels":null,
         "managedFields":[{"manager":"x","fieldsV1":{"f:a":{}}}],"deletionTimestamp":"2026-01-01T00:00:30Z","deletionGracePeriodSeconds":30,
         "ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"o","controller":true}]},
         "spec":{"nodeName":"n1","hostNetwork":true,"restartPolicy":"Never","containers":[{"name":"c","env":[{"name":"\u0041"}]}]},
         "status":{"phase":"Failed","reason":"Evicted","podIPs":[{"ip":"10.0.0.1"}]}}
        """#.utf8))
    #expect(pod.key == ObjectKey(namespace: "d", name: "p"))
    #expect(pod.metadata.uid == "u" && pod.metadata.resourceVersion == "7" && pod.metadata.annotations == ["a.kubernetes.io/b": "c"])
    #expect(pod.metadata.deletionTimestamp?.description == "2026-01-01T00:00:30Z")
    #expect(pod.metadata.controller?.kind == "StatefulSet")
    #expect(pod.nodeName == "n1" && pod.isHostNetwork && pod.restartPolicy == "Never" && pod.phase == "Failed" && pod.reason == "Evicted")
  }

  @Test("a Subnet's counts keep every digit, quoted or bare, and null is zero")
  func decodesCounts() throws {
    let subnet = try Subnet(
      decoding: Array(
        #"""
        {"metadata":{"name":"s"},"spec":{"cidrBlock":"fd00::/64","excludeIps":["fd00::1"],"enableLb":true,"mtu":1400,
          "namespaceSelectors":[{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"In","values":["d"]}]}]},
         "status":{"v6availableIPs":18446744073709551613,"v4availableIPs":"12","v6usingIPs":null,"v6availableIPrange":"fd00::2-fd00::9"}}
        """#.utf8))
    #expect(subnet.status.v6Available.text == "18446744073709551613")
    #expect(subnet.status.v4Available.text == "12")
    #expect(subnet.status.v6Using.text == "0")
    #expect(subnet.spec.excludeIPs == ["fd00::1"] && subnet.spec.enableLB == true && subnet.spec.mtu == 1400)
    #expect(subnet.spec.namespaceSelectors.first?.matches(["a": "b", "c": "d"]) == true)
    #expect(subnet.spec.namespaceSelectors.first?.matches(["a": "b"]) == false)
  }

  @Test("an IPPool's counts have capitals of their own")
  func decodesPool() throws {
    let pool = try IPPool(
      decoding: Array(
        #"""
        {"metadata":{"name":"web","finalizers":["kubeovn.io/kube-ovn-controller"]},
         "spec":{"subnet":"s","ips":["10.0.0.1","fd00::1..fd00::9"],"namespaces":["a"],"enableAddressSet":true,"unknown":{}},
         "status":{"v4AvailableIPs":3,"v4AvailableIPRange":"10.0.0.2-10.0.0.4","v4UsingIPs":"1","v4UsingIPRange":"10.0.0.1",
          "v6AvailableIPs":18446744073709551613,"v6UsingIPs":null,"v4availableIPs":99,
          "conditions":[{"type":"Ready","status":"True","reason":"UpdateIPAMSucceeded"}]}}
        """#.utf8))
    #expect(pool.spec.subnet == "s" && pool.spec.ips == ["10.0.0.1", "fd00::1..fd00::9"] && pool.spec.namespaces == ["a"])
    #expect(pool.spec.enableAddressSet && pool.metadata.finalizers == [Finalizer.controller] && pool.status.hasCounts)
    #expect(pool.status.v4Available.text == "3" && pool.status.v4Using.text == "1" && pool.status.v6Using.text == "0")
    #expect(pool.status.v6Available.text == "18446744073709551613" && pool.status.v4AvailableRange == "10.0.0.2-10.0.0.4")
    #expect(pool.status.conditions.first?.reason == PoolCondition.updateSuccess)
    let bare = try IPPool(decoding: Array(#"{"metadata":{"name":"web"},"spec":{"ips":null,"namespaces":null},"status":null}"#.utf8))
    #expect(bare.spec == IPPool.Spec() && !bare.status.hasCounts)
  }

  @Test("a field of the wrong type is an error, not a crash")
  func refusesWrongType() {
    #expect(throws: JSONError.self) { try Subnet(decoding: Array(#"{"spec":{"cidrBlock":5}}"#.utf8)) }
    #expect(throws: JSONError.self) { try Pod(decoding: Array("[]".utf8)) }
  }

  @Test("a Lease prints what it read")
  func leaseRoundTrip() throws {
    let text = #"""
      {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l","namespace":"kube-system","resourceVersion":"4"},
       "spec":{"acquireTime":"2026-01-01T00:00:00.000000Z","holderIdentity":"a","leaseDurationSeconds":15,"leaseTransitions":3,
       "renewTime":"2026-01-01T00:00:01.000002Z"}}
      """#
    #expect(try Lease(decoding: Array(text.utf8)).body == JSONValue(parsing: text))
  }
}

@Suite struct ProviderNameTests {
  @Test(
    "IsOvnProvider as Kube-OVN decides it",
    arguments: [
      ("", true), ("ovn", true), ("a.b.ovn", true), ("a.b", false), ("a.b.ovn.net1", false), ("a.ovn", false), ("..ovn", true),
      ("a.b.OVN", false),
    ])
  func isOVN(text: String, expected: Bool) { #expect(ProviderName(text).isOVN == expected) }

  @Test("keys and their way back")
  func keys() {
    let provider = ProviderName(network: ObjectKey(namespace: "default", name: "macvlan"), isOVN: false)
    #expect(provider.key(.ipAddress) == "macvlan.default.kubernetes.io/ip_address")
    #expect(provider.key(.ipAddress, interface: "net1") == "macvlan.default.kubernetes.io/ip_address.net1")
    #expect(provider.appending(interface: "net1").key(.cidr) == "macvlan.default.net1.kubernetes.io/cidr")
    #expect(ProviderName.split("macvlan.default.kubernetes.io/allocated", .allocated) == provider)
    #expect(ProviderName.split(".kubernetes.io/allocated", .allocated) == nil)
    #expect(ProviderName.split("macvlan.default.kubernetes.io/cidr", .allocated) == nil)
  }

  @Test("a patch carries its preconditions and removes with null")
  func patch() {
    var metadata = ObjectMeta(name: "p", namespace: "d")
    metadata.uid = "u"
    metadata.resourceVersion = "9"
    var patch = MetadataPatch(of: metadata)
    #expect(patch.isEmpty)
    patch.annotations["x"] = .some(nil)
    patch.annotations["y"] = "1"
    #expect(patch.json.text == #"{"metadata":{"annotations":{"x":null,"y":"1"},"resourceVersion":"9","uid":"u"}}"#)
  }
}
