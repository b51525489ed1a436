import KubeAPI
import Testing
import WireJSON

/// Every projection against the same hostile documents: one odd object is an error of its own, never a crash, never a half-read neighbour.
@Suite struct FieldReadingTests {
  /// Decodes a kind and tells whether it threw.
  struct Kind: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let decode: @Sendable ([UInt8]) throws(JSONError) -> ObjectMeta

    static func of<R: Resource>(_ type: R.Type) -> Kind {
      Kind(testDescription: "\(type)") { (bytes) throws(JSONError) in try R(decoding: bytes).metadata }
    }
  }

  static let kinds = [
    Kind.of(Pod.self), .of(Subnet.self), .of(IPRecord.self), .of(Namespace.self), .of(Node.self), .of(NetworkAttachmentDefinition.self),
    .of(Lease.self), .of(StatefulSet.self), .of(VirtualMachine.self), .of(VirtualMachineInstance.self),
  ]

  @Test("absent, null and empty are the same", arguments: kinds)
  func absent(_ kind: Kind) throws {
    for text in ["{}", "null", #"{"metadata":null,"spec":null,"status":null}"#, #"{"metadata":{},"spec":{},"status":{}}"#] {
      #expect(try kind.decode(Array(text.utf8)) == ObjectMeta())
    }
  }

  @Test("unknown fields of any shape are passed over", arguments: kinds)
  func unknown(_ kind: Kind) throws {
    let odd = #"[{"a":[null,1e9,"\"}",true]},[]]"#
    let text = #"{"x":\#(odd),"metadata":{"y":\#(odd),"name":"n","selfLink":5},"spec":{"z":\#(odd)},"status":{"w":\#(odd)},"data":"é"}"#
    #expect(try kind.decode(Array(text.utf8)).name == "n")
  }

  @Test("every truncation and every flipped byte is an error or a reading, never a crash", arguments: kinds)
  func mutations(_ kind: Kind) throws {
    let text =
      #"{"metadata":{"name":"n","uid":"u","labels":{"a":"b"},"annotations":{"c":"\u00e9"},"finalizers":["f"],"generation":7,"#
      + #""ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","controller":true}],"deletionTimestamp":"2026-01-01T00:00:00Z"},"#
      + #""spec":{"cidrBlock":"10.0.0.0/8","config":"{}","nodeName":"x","excludeIps":["a"],"mtu":1400,"default":true,"leaseDurationSeconds":15,"#
      + #""namespaceSelectors":[{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]}]},"#
      + #""status":{"phase":"Running","addresses":[{"type":"InternalIP","address":"10.0.0.1"}],"v4availableIPs":"12","#
      + #""conditions":[{"type":"Ready","status":"True","observedGeneration":1}]}}"#
    let bytes = Array(text.utf8)
    #expect(try kind.decode(bytes).name == "n")
    for length in 0..<bytes.count {
      #expect(throws: JSONError.self, "cut at \(length)") { try kind.decode(Array(bytes[..<length])) }
    }
    for index in bytes.indices {
      for byte in [UInt8(0x00), 0x22, 0x5C, 0x7B, 0x5D, 0x2C, 0xFF] {
        var changed = bytes
        changed[index] = byte
        do { _ = try kind.decode(changed) } catch { if error.offset > bytes.count { Issue.record("byte \(index) as \(byte): \(error)") } }
      }
    }
  }

  @Test(
    "metadata of the wrong type is an error",
    arguments: [
      #"{"name":5}"#, #"{"labels":[]}"#, #"{"labels":{"a":1}}"#, #"{"annotations":"x"}"#, #"{"finalizers":"f"}"#, #"{"finalizers":[1]}"#,
      #"{"generation":"7"}"#, #"{"generation":1.5}"#, #"{"generation":9223372036854775808}"#, #"{"ownerReferences":{}}"#,
      #"{"ownerReferences":[{"controller":"yes"}]}"#, "[]",
    ])
  func wrongMetadata(text: String) {
    #expect(throws: JSONError.self) { try Namespace(decoding: Array(#"{"metadata":\#(text)}"#.utf8)) }
  }

  @Test("null entries of lists and maps are empty texts, a time that is none is absent")
  func nulls() throws {
    let text =
      #"{"metadata":{"labels":{"a":null},"finalizers":[null,"f"],"ownerReferences":[null],"creationTimestamp":"yesterday","deletionTimestamp":null}}"#
    let metadata = try Namespace(decoding: Array(text.utf8)).metadata
    #expect(metadata.labels == ["a": ""] && metadata.finalizers == ["", "f"] && metadata.ownerReferences.count == 1)
    #expect(metadata.creationTimestamp == nil && !metadata.isDeleting && metadata.controller == nil)
  }

  @Test("of a member that stands twice the last counts")
  func twice() throws {
    #expect(try Namespace(decoding: Array(#"{"metadata":{"name":"a","name":"b"}}"#.utf8)).metadata.name == "b")
  }
}

@Suite struct ProjectionTests {
  @Test("a node's internal addresses in order, no others")
  func node() throws {
    let text =
      #"{"status":{"addresses":[{"type":"Hostname","address":"n1"},{"address":"10.0.0.1","type":"InternalIP"},null,"#
      + #"{"type":"ExternalIP","address":"1.2.3.4"},{"type":"InternalIP","address":"fd00::1"}]}}"#
    #expect(try Node(decoding: Array(text.utf8)).internalAddresses == ["10.0.0.1", "fd00::1"])
  }

  @Test(
    "a NAD is its configuration's text; without one it is empty",
    arguments: [(#"{"config":"{\"type\":\"x\"}"}"#, #"{"type":"x"}"#), ("{}", ""), (#"{"config":null}"#, "")])
  func definition(spec: String, config: String) throws {
    #expect(try NetworkAttachmentDefinition(decoding: Array(#"{"spec":\#(spec)}"#.utf8)).config == config)
  }

  @Test("an IP record prints every field, and reads back what it printed")
  func record() throws {
    var spec = IPRecord.Spec()
    spec.podName = "p"
    spec.namespace = "d"
    spec.subnet = "s"
    spec.nodeName = "n"
    spec.ipAddress = "10.0.0.2,fd00::2"
    spec.v4IPAddress = "10.0.0.2"
    spec.v6IPAddress = "fd00::2"
    spec.macAddress = "02:00:00:00:00:01"
    spec.containerID = "c"
    spec.podType = "StatefulSet"
    let object: JSONValue = ["metadata": ["name": "p.d"], "spec": spec.json]
    #expect(try IPRecord(decoding: object.bytes).spec == spec)
    let keys = IPRecord.Spec().json.object?.keys.sorted()
    #expect(
      keys == [
        "attachIps", "attachMacs", "attachSubnets", "containerID", "ipAddress", "macAddress", "namespace", "nodeName", "podName", "podType",
        "subnet", "v4IpAddress", "v6IpAddress",
      ])
    #expect(spec.json["attachIps"] == [] && IPRecord.Spec().json["podType"] == "")
  }

  @Test("a condition prints what it read, and leaves empty optional fields out")
  func condition() throws {
    let text =
      #"{"lastTransitionTime":"a","lastUpdateTime":"b","message":"m","observedGeneration":4,"reason":"r","status":"True","type":"Ready"}"#
    let subnet = try Subnet(
      decoding: Array(#"{"status":{"conditions":[\#(text),{"type":"Init","status":"Unknown","message":null}]}}"#.utf8))
    #expect(subnet.status.conditions.first?.json.text == text)
    #expect(subnet.status.conditions.last?.json.text == #"{"lastTransitionTime":"","lastUpdateTime":"","status":"Unknown","type":"Init"}"#)
    #expect(!subnet.status.hasCounts)
  }

  @Test(
    "a count that is no number is zero, one of another type is an error",
    arguments: [(#""""#, "0"), (#""-1""#, "0"), (#""1e3""#, "0"), ("1e3", "1e3"), ("0", "0"), ("null", "0"), (#""007""#, "007")])
  func counts(literal: String, text: String) throws {
    #expect(try Subnet(decoding: Array(#"{"status":{"v4availableIPs":\#(literal)}}"#.utf8)).status.v4Available.text == text)
    for odd in ["[]", "{}", "true"] {
      #expect(throws: JSONError.self) { try Subnet(decoding: Array(#"{"status":{"v6usingIPs":\#(odd)}}"#.utf8)) }
    }
  }

  @Test("a StatefulSet of which nothing is said wants one pod, number 0")
  func setDefaults() throws {
    for text in ["{}", #"{"spec":null}"#, #"{"spec":{"replicas":null,"ordinals":null,"template":null}}"#, #"{"spec":{"ordinals":{}}}"#] {
      let set = try StatefulSet(decoding: Array(text.utf8))
      #expect(set.replicas == 1 && set.firstOrdinal == 0 && set.templateAnnotations.isEmpty)
      #expect(set.wants(ordinal: 0) && !set.wants(ordinal: 1) && !set.wants(ordinal: -1))
    }
    let text =
      #"{"metadata":{"name":"web","uid":"u"},"spec":{"replicas":0,"ordinals":{"start":5},"#
      + #""template":{"metadata":{"labels":{"a":"b"},"annotations":{"c":"d"}},"spec":{"containers":[]}}},"status":{"replicas":9}}"#
    let set = try StatefulSet(decoding: Array(text.utf8))
    #expect(set.replicas == 0 && set.firstOrdinal == 5 && set.templateAnnotations == ["c": "d"] && set.metadata.uid == "u")
    for odd in [#"{"spec":{"replicas":"3"}}"#, #"{"spec":{"ordinals":[]}}"#, #"{"spec":{"template":{"metadata":{"annotations":[]}}}}"#] {
      #expect(throws: JSONError.self) { try StatefulSet(decoding: Array(odd.utf8)) }
    }
  }

  @Test("a Lease's body carries metadata that is there, and no time that is not")
  func lease() {
    var lease = Lease(metadata: ObjectMeta(name: "l", namespace: "d"))
    #expect(
      lease.body.text
        == #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l","namespace":"d"},"#
        + #""spec":{"holderIdentity":"","leaseDurationSeconds":0,"leaseTransitions":0}}"#)
    lease.metadata.resourceVersion = "5"
    lease.metadata.labels = ["a": "b"]
    lease.metadata.annotations = ["c": "d"]
    #expect(
      lease.body["metadata"]?.text == #"{"annotations":{"c":"d"},"labels":{"a":"b"},"name":"l","namespace":"d","resourceVersion":"5"}"#)
  }
}
