import CLinux

/// A route that was taken away, in the kernel's own words, so that it can be put back with every metric and next hop it had.
package struct RemovedRoute: Sendable, Hashable {
  package let route: Route
  private let payload: [UInt8]

  /// nil where `Route` is nil.
  init?(_ payload: [UInt8]) throws(NetlinkFormatError) {
    guard let route = try Route(payload) else { return nil }
    self.route = route
    self.payload = try Self.withoutState(payload)
  }

  var deletion: NetlinkMessage { NetlinkMessage(type: UInt16(RTM_DELROUTE), flags: 0, payload: payload) }

  /// Appended, so that of several routes to one destination the first stays the first.
  var restoration: NetlinkMessage {
    NetlinkMessage(
      type: UInt16(RTM_NEWROUTE), flags: NetlinkMessage.Flag.create | NetlinkMessage.Flag.append, payload: payload)
  }

  /// Where `rtm_flags` stands in `struct rtmsg`, and the structure's size.
  private static let flagsOffset = 8
  private static let headerSize = 12

  /// Flags that a listing reports about the present moment ("no carrier", "offloaded") are refused in a new route. Only "on link",
  /// which is the route's own, stays: in the header, and in each of several next hops.
  private static func withoutState(_ payload: [UInt8]) throws(NetlinkFormatError) -> [UInt8] {
    guard payload.count >= headerSize else { throw NetlinkFormatError("a route of \(payload.count) bytes") }
    var clean = Array(payload[..<flagsOffset])
    var builder = NetlinkBuilder()
    let flags = payload[flagsOffset..<headerSize].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    builder.append(flags & UInt32(RTNH_F_ONLINK))
    var reader = NetlinkReader(payload[headerSize...])
    for attribute in try reader.readAttributes() {
      let isMultipath = attribute.type == Int(RTA_MULTIPATH.rawValue)
      builder.attribute(attribute.type, isMultipath ? withoutState(nextHops: attribute.value) : Array(attribute.value))
    }
    clean += builder.bytes
    return clean
  }

  /// `struct rtnexthop` has its flags in the third byte. The list was read by `Route` before, so its lengths are right.
  private static func withoutState(nextHops: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = Array(nextHops)
    var offset = 0
    while offset + RouteRequest.nextHopHeaderSize <= bytes.count {
      let length = Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) })
      bytes[offset + 2] &= UInt8(RTNH_F_ONLINK)
      guard length >= RouteRequest.nextHopHeaderSize else { break }
      offset += (length + 3) & ~3
    }
    return bytes
  }
}
