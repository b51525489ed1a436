package import NetAddress
import Netlink

/// `PodInterfaces` over rtnetlink: each call opens the namespace, does its work on a thread inside it, and leaves nothing open.
package struct KernelInterfaces: PodInterfaces {
  package init() {}

  package func setMAC(_ mac: MACAddress, interface: String, namespace: String) throws -> MACAddress? {
    let name = try InterfaceName(parsing: interface)
    return try NetworkNamespace(path: namespace).perform {
      let netlink = try RouteNetlink()
      // A plugin that makes its interface after it has asked for the address sets the MAC itself, or not at all.
      guard try netlink.findLink(named: name) != nil else { return nil }
      let former = try netlink.replaceMAC(of: name, with: mac)
      return former == mac ? nil : former
    }
  }

  package func removeDefaultRoutes(_ family: AddressFamily, namespace: String) throws -> any RemovedRoutes {
    let removed = try NetworkNamespace(path: namespace).perform { try RouteNetlink().removeDefaultRoutes(family) }
    return KernelRoutes(routes: removed, namespace: namespace)
  }
}

/// Routes as the kernel told them.
private struct KernelRoutes: RemovedRoutes {
  let routes: [RemovedRoute]
  let namespace: String

  func restore() throws {
    guard !routes.isEmpty else { return }
    try NetworkNamespace(path: namespace).perform { try RouteNetlink().restore(routes) }
  }
}
