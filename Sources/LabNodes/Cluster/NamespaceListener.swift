import Glibc
package import Netlink

/// Listening addresses inside network namespaces, for the one API server that every node reaches at the same URL.
package enum NamespaceListener {
  /// A bound stream socket on 127.0.0.1 in the namespace; the caller owns the descriptor.
  package static func bind(port: UInt16, in namespace: NetworkNamespace) throws -> Int32 {
    try namespace.perform {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else { throw ProcessError.system("make a socket in \(namespace.path)", errno) }
      var reuse: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let result = withUnsafeBytes(of: &address) { raw in
        // A sockaddr_in begins as a sockaddr does: what `bind` is made for.
        raw.withMemoryRebound(to: sockaddr.self) { Glibc.bind(descriptor, $0.baseAddress, socklen_t(raw.count)) }
      }
      guard result == 0 else {
        let code = errno
        close(descriptor)
        throw ProcessError.system("bind 127.0.0.1:\(port) in \(namespace.path)", code)
      }
      return descriptor
    }
  }
}
