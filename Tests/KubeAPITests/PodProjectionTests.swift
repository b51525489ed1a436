import KubeAPI
import Testing
import WireJSON

@Suite struct PodProjectionTests {
  @Test("of a pod's annotations those are kept that a network may read; labels are not")
  func projection() throws {
    let kept = [
      "k8s.v1.cni.cncf.io/networks", "k8s.v1.cni.cncf.io/network-status", "v1.multus-cni.io/default-network", "ovn.kubernetes.io/pod_uid",
      "attachnet.default.ovn.net1.kubernetes.io/ip_address", "macvlan.default.kubernetes.io/ip_address.net1",
      "kubevirt.io/migrationJobName", "ovn.kubernetes.io/vip",
    ]
    let dropped = [
      "kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt", "prometheus.io/scrape", "x", "",
    ]
    let annotations = Dictionary(uniqueKeysWithValues: (kept + dropped).map { ($0, JSONValue.string("value of \($0)")) })
    let json: JSONValue = [
      "metadata": ["name": "p", "namespace": "d", "labels": ["app": "x"], "annotations": .object(annotations)], "spec": ["nodeName": "n"],
    ]
    let pod = try JSONReader.parse(Array(json.text.utf8)) { (reader) throws(JSONError) in try Pod(from: &reader) }
    #expect(pod.metadata.annotations == Dictionary(uniqueKeysWithValues: kept.map { ($0, "value of \($0)") }))
    #expect(pod.metadata.labels.isEmpty && pod.nodeName == "n")
  }
}
