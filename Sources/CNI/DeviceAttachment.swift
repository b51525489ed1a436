/// How an interface is backed when it is no veth pair: SR-IOV and vhost-user. Travels unread from the configuration to the daemon.
package struct DeviceAttachment: Sendable, Hashable {
  /// PCI address of a virtual function; Multus puts it at the configuration's top level.
  package var deviceID: String
  package var vfDriver: String
  package var vhostUserVolume: String
  package var vhostUserSocket: String
  /// `kubevirt`, or empty.
  package var vhostUserConsumption: String

  package init(
    deviceID: String = "", vfDriver: String = "", vhostUserVolume: String = "", vhostUserSocket: String = "",
    vhostUserConsumption: String = ""
  ) {
    self.deviceID = deviceID
    self.vfDriver = vfDriver
    self.vhostUserVolume = vhostUserVolume
    self.vhostUserSocket = vhostUserSocket
    self.vhostUserConsumption = vhostUserConsumption
  }

  /// What Kube-OVN's plugin sends with DEL.
  var forDelete: DeviceAttachment {
    DeviceAttachment(deviceID: deviceID, vhostUserVolume: vhostUserVolume, vhostUserConsumption: vhostUserConsumption)
  }
}
