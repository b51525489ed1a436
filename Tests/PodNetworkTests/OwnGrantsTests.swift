import KubeAPI
import PodNetwork
import Testing

@Suite struct OwnGrantsTests {
  @Test(
    "annotations that carry another pod's uid came along in a copied manifest; without a uid they are Kube-OVN's and believed",
    arguments: [(nil, true), ("uid-1", true), ("uid-2", false), ("", false)] as [(String?, Bool)])
  func owns(uid: String?, expected: Bool) {
    var metadata = ObjectMeta(name: "p", namespace: "d")
    metadata.uid = "uid-1"
    metadata.annotations[AnnotationKey.podUID] = uid
    #expect(Pod(metadata: metadata).ownsItsGrants == expected)
  }
}
