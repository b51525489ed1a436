import Glibc
package import NetAddress

/// What the daemon changes about an interface that another plugin made, and how it takes that back when the call fails after all.
extension RouteNetlink {
  /// Gives an interface another MAC address and returns the one it had (decisions row 4).
  ///
  /// Most kinds change it while up. For one that refuses, the interface goes down for a moment, which costs it its routes and IPv6
  /// addresses: during an IPAM call it has none yet. It is up again afterwards, whatever became of the change.
  package func replaceMAC(of name: InterfaceName, with mac: MACAddress) throws(NetlinkError) -> MACAddress? {
    let link = try link(named: name)
    guard link.mac != mac else { return link.mac }
    do throws(NetlinkError) {
      try setMAC(mac, of: link)
    } catch {
      guard link.isUp, error.code == EBUSY || error.code == EOPNOTSUPP else { throw error }
      try setDown(link)
      do throws(NetlinkError) {
        try setMAC(mac, of: link)
      } catch {
        try setUp(link)
        throw error
      }
      try setUp(link)
    }
    return link.mac
  }

  /// Takes every default route of a family away, on whatever interface (wire.md §5 9b), and returns them for `restore`.
  ///
  /// All or nothing: when one cannot be removed, those already gone are put back before the error goes on.
  package func removeDefaultRoutes(_ family: AddressFamily) throws(NetlinkError) -> [RemovedRoute] {
    let operation = "remove the default routes (\(family))"
    var removed: [RemovedRoute] = []
    for payload in try rawRoutes(family, operation) {
      let candidate = try decoded(operation) { () throws(NetlinkFormatError) in try RemovedRoute(payload) }
      guard let candidate, candidate.route.isDefault, candidate.route.isUnicast, candidate.route.table == Route.mainTable else {
        continue
      }
      do throws(NetlinkError) {
        try perform(candidate.deletion, "remove route \(candidate.route)")
        removed.append(candidate)
      } catch {
        // Somebody else was faster: then it is not ours to restore either.
        if error.isAbsence { continue }
        try? restore(removed)
        throw error
      }
    }
    return removed
  }

  /// Puts routes back as they were. One that is there again already is no error; of several errors the first is thrown, after all
  /// have been tried.
  package func restore(_ routes: [RemovedRoute]) throws(NetlinkError) {
    var first: NetlinkError?
    for route in routes {
      do throws(NetlinkError) {
        try perform(route.restoration, "restore route \(route.route)")
      } catch {
        if !error.isPresence, first == nil { first = error }
      }
    }
    if let first { throw first }
  }
}
