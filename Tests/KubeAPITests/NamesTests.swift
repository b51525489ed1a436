import KubeAPI
import Testing
import WireJSON

@Suite struct ResourceTypeTests {
  @Test("paths of collections, objects and subresources, of the core group and others")
  func paths() {
    #expect(Pod.resourceType.path() == "/api/v1/pods")
    #expect(Pod.resourceType.path(namespace: "") == "/api/v1/pods")
    #expect(Pod.resourceType.path(namespace: "d", name: "p", subresource: "status") == "/api/v1/namespaces/d/pods/p/status")
    #expect(Lease.resourceType.path(namespace: "kube-system", name: "l") == "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l")
    #expect(Subnet.resourceType.path(name: "s", subresource: "status") == "/apis/kubeovn.io/v1/subnets/s/status")
    // A cluster-scoped kind has no namespace, whatever the caller thinks.
    #expect(IPRecord.resourceType.path(namespace: "d", name: "p.d") == "/apis/kubeovn.io/v1/ips/p.d")
    #expect(Node.resourceType.path() == "/api/v1/nodes" && Namespace.resourceType.path(name: "d") == "/api/v1/namespaces/d")
    #expect(
      NetworkAttachmentDefinition.resourceType.path(namespace: "d")
        == "/apis/k8s.cni.cncf.io/v1/namespaces/d/network-attachment-definitions")
  }

  @Test("a kind's version and name as manifests and messages write them")
  func names() {
    #expect(Pod.resourceType.apiVersion == "v1" && "\(Pod.resourceType)" == "pods")
    #expect(Subnet.resourceType.apiVersion == "kubeovn.io/v1" && "\(Subnet.resourceType)" == "subnets.kubeovn.io")
  }

  @Test("keys order by namespace, then name, and print as kubectl does")
  func keys() {
    let keys = [
      ObjectKey(namespace: "b", name: "a"), ObjectKey(name: "z"), ObjectKey(namespace: "a", name: "z"),
      ObjectKey(namespace: "a", name: "b"),
    ]
    #expect(keys.sorted().map(\.description) == ["z", "a/b", "a/z", "b/a"])
  }
}

/// Wire literals, against the spec's own text: a slip here breaks every cluster that is migrated.
@Suite struct WireNameTests {
  @Test("annotation keys of the specs")
  func annotations() {
    #expect(AnnotationKey.networks == "k8s.v1.cni.cncf.io/networks" && AnnotationKey.networkStatus == "k8s.v1.cni.cncf.io/network-status")
    #expect(AnnotationKey.defaultNetwork == "v1.multus-cni.io/default-network")
    #expect(AnnotationKey.allocationError == "ovn.kubernetes.io/allocation_error" && AnnotationKey.podUID == "ovn.kubernetes.io/pod_uid")
    #expect(AnnotationKey.ownerUID == "ovn.kubernetes.io/owner_uid")
    #expect(
      AnnotationKey.allocatorEpoch == "ovn.kubernetes.io/allocator_epoch" && AnnotationKey.migrationJob == "kubevirt.io/migrationJobName")
    #expect(LabelKey.subnet == "ovn.kubernetes.io/subnet" && LabelKey.nodeName == "ovn.kubernetes.io/node-name")
    #expect(LabelKey.ipReserved == "ovn.kubernetes.io/ip_reserved")
    #expect(Finalizer.controller == "kubeovn.io/kube-ovn-controller" && Finalizer.legacyController == "kube-ovn-controller")
  }

  @Test("every field of a network has its own key, and is found in it again")
  func fields() {
    let names = NetworkField.allCases.map(\.rawValue)
    #expect(Set(names).count == names.count)
    for field in NetworkField.allCases {
      let key = ProviderName.primary.key(field)
      #expect(key == "ovn.kubernetes.io/" + field.rawValue)
      #expect(NetworkField.allCases.filter { ProviderName.split(key, $0) != nil } == [field])
    }
    for name in [
      "ip_address", "mac_address", "cidr", "gateway", "logical_switch", "pod_nic_type", "allocated", "routed", "ip_pool", "ip_family",
      "routes", "default_route", "virtualmachine",
    ] {
      #expect(names.contains(name))
    }
  }

  @Test(
    "keys that are none of a provider",
    arguments: [
      "kubernetes.io/allocated", "/allocated", "allocated", "", "a.b.kubernetes.io/allocated.net1", "a.b.Kubernetes.io/allocated",
    ])
  func noProvider(key: String) { #expect(ProviderName.split(key, .allocated) == nil) }

  @Test("providers order by their texts")
  func order() { #expect([ProviderName("b.a"), ProviderName("a.c"), .primary].sorted().map(\.text) == ["a.c", "b.a", "ovn"]) }
}

@Suite struct MetadataPatchTests {
  @Test("only what is set is written")
  func parts() {
    var patch = MetadataPatch()
    #expect(patch.json.text == #"{"metadata":{}}"#)
    patch.finalizers = []
    #expect(!patch.isEmpty && patch.json.text == #"{"metadata":{"finalizers":[]}}"#)
    patch.labels = ["a": String?.none, "b": ""]
    patch.resourceVersion = "3"
    #expect(patch.json.text == #"{"metadata":{"finalizers":[],"labels":{"a":null,"b":""},"resourceVersion":"3"}}"#)
  }

  @Test("preconditions alone change nothing")
  func preconditions() {
    var metadata = ObjectMeta(name: "p")
    metadata.uid = "u"
    let patch = MetadataPatch(of: metadata)
    #expect(patch.isEmpty && patch.json.text == #"{"metadata":{"uid":"u"}}"#)
  }
}
