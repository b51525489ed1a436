package import WireJSON

/// The body of the plugin's calls to the node daemon (wire.md §1), Kube-OVN's `CniRequest` key for key.
package struct DaemonRequest: Sendable, Hashable {
  /// `type` of the configuration the runtime called: `kube-ovn` itself, or the plugin that delegates its addresses to us.
  package var cniType: String
  package var podName: String
  package var podNamespace: String
  package var containerID: String
  /// Path of the pod's network namespace; may be empty or gone in DEL.
  package var networkNamespace: String
  package var interfaceName: String
  /// Empty when another plugin's configuration names none: decisions row 27 makes that an error of ADD, never the primary network.
  package var provider: String
  package var routes: [DaemonRoute]
  package var dns: DNSConfiguration
  package var device: DeviceAttachment
  /// `name` of the network, for messages. Our addition to Kube-OVN's keys: its daemon passes over it, its plugin does not send it.
  package var networkName: String

  package init(
    cniType: String = "", containerID: String = "", networkNamespace: String = "", interfaceName: String = "", provider: String = ""
  ) {
    self.cniType = cniType
    podName = ""
    podNamespace = ""
    self.containerID = containerID
    self.networkNamespace = networkNamespace
    self.interfaceName = interfaceName
    self.provider = provider
    routes = []
    dns = DNSConfiguration()
    device = DeviceAttachment()
    networkName = ""
  }

  /// `type` of our own configurations (NADs and the primary conflist).
  package static let ownType = "kube-ovn"

  /// Whether the caller wants an interface of us, and not only addresses for one that another plugin makes.
  package var wantsInterface: Bool { cniType == Self.ownType }

  /// Compact JSON, every key always there, in the order of Kube-OVN's struct.
  package var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for key in Key.allCases { write(key, to: &writer) }
    writer.endObject()
    return writer.bytes
  }

  private func write(_ key: Key, to writer: inout JSONWriter) {
    writer.key(key.rawValue)
    switch key {
    case .cniType: writer.string(cniType)
    case .podName: writer.string(podName)
    case .podNamespace: writer.string(podNamespace)
    case .containerID: writer.string(containerID)
    case .networkNamespace: writer.string(networkNamespace)
    case .interfaceName: writer.string(interfaceName)
    case .provider: writer.string(provider)
    case .routes: DaemonRoute.writeList(routes, to: &writer)
    case .dns: dns.write(to: &writer)
    case .vfDriver: writer.string(device.vfDriver)
    case .deviceID: writer.string(device.deviceID)
    case .vhostUserVolume: writer.string(device.vhostUserVolume)
    case .vhostUserSocket: writer.string(device.vhostUserSocket)
    case .vhostUserConsumption: writer.string(device.vhostUserConsumption)
    case .networkName: writer.string(networkName)
    }
  }

  /// Reads a request body. Unknown keys are passed over; a missing or null member is its empty value, as in Go.
  package init(parsing bytes: [UInt8]) throws(JSONError) {
    self = try JSONReader.parse(bytes) { (reader) throws(JSONError) in
      var request = DaemonRequest()
      try reader.beginObject()
      while let key = try reader.nextKey() {
        guard let known = Key(rawValue: key.string) else {
          try reader.skipValue()
          continue
        }
        try request.read(known, from: &reader)
      }
      return request
    }
  }

  private mutating func read(_ key: Key, from reader: inout JSONReader) throws(JSONError) {
    switch key {
    case .cniType: cniType = try reader.readText()
    case .podName: podName = try reader.readText()
    case .podNamespace: podNamespace = try reader.readText()
    case .containerID: containerID = try reader.readText()
    case .networkNamespace: networkNamespace = try reader.readText()
    case .interfaceName: interfaceName = try reader.readText()
    case .provider: provider = try reader.readText()
    case .routes: routes = try DaemonRoute.readList(from: &reader)
    case .dns: dns = try DNSConfiguration(from: &reader)
    case .vfDriver: device.vfDriver = try reader.readText()
    case .deviceID: device.deviceID = try reader.readText()
    case .vhostUserVolume: device.vhostUserVolume = try reader.readText()
    case .vhostUserSocket: device.vhostUserSocket = try reader.readText()
    case .vhostUserConsumption: device.vhostUserConsumption = try reader.readText()
    case .networkName: networkName = try reader.readText()
    }
  }

  /// The keys in the order in which they are written.
  private enum Key: String, CaseIterable {
    case cniType = "cni_type"
    case podName = "pod_name"
    case podNamespace = "pod_namespace"
    case containerID = "container_id"
    case networkNamespace = "net_ns"
    case interfaceName = "if_name"
    case provider
    case routes
    case dns
    case vfDriver = "vf_driver"
    case deviceID
    case vhostUserVolume = "vhost_user_socket_volume_name"
    case vhostUserSocket = "vhost_user_socket_name"
    case vhostUserConsumption = "vhost_user_socket_consumption"
    case networkName = "network_name"
  }
}
