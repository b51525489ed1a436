package import NetAddress

/// What the daemon does to an interface that another plugin has made, inside the pod's network namespace. Synchronous: the kernel
/// answers at once, and a namespace belongs to a thread.
package protocol PodInterfaces: Sendable {
  /// Gives the interface a MAC and returns the one it had; nil when there is no such interface or it has that MAC already.
  func setMAC(_ mac: MACAddress, interface: String, namespace: String) throws -> MACAddress?

  /// Takes the default routes of a family away, of all interfaces, and returns what brings them back.
  func removeDefaultRoutes(_ family: AddressFamily, namespace: String) throws -> any RemovedRoutes
}

/// Default routes that were taken away.
package protocol RemovedRoutes: Sendable {
  /// Puts them back, for an ADD that failed after all.
  func restore() throws
}
