import Glibc

/// What the machine must have before a lab can start, and what to do where it does not.
package enum Prerequisites {
  /// Where Debian keeps the reference CNI plugins.
  package static let referencePlugins = "/usr/lib/cni"
  package static let ping = "/usr/bin/ping"
  /// The programs of this project that a lab runs, beside its own.
  package static let ownPrograms = ["kube-ovn", "kube-ovn-controller", "kube-ovn-daemon"]

  /// A sentence for each thing that is missing; empty when a lab can start.
  package static func missing(programs directory: String) -> [String] {
    var faults: [String] = []
    if getuid() != 0 { faults.append("kube-ovn-lab makes network namespaces and must run as root (try: sudo)") }
    var packages: [String] = []
    if ["bridge", "host-local", "macvlan"].contains(where: { access(referencePlugins + "/" + $0, X_OK) != 0 }) {
      packages.append("containernetworking-plugins")
    }
    if access(ping, X_OK) != 0 { packages.append("iputils-ping") }
    if !["/usr/sbin", "/sbin", "/usr/bin", "/bin"].contains(where: { access($0 + "/ip", X_OK) == 0 }) { packages.append("iproute2") }
    if !packages.isEmpty {
      let list = packages.joined(separator: " ")
      faults.append("missing Debian package\(packages.count == 1 ? "" : "s"): \(list) (apt-get install \(list))")
    }
    let absent = ownPrograms.filter { access(directory + "/" + $0, X_OK) != 0 }
    if !absent.isEmpty {
      faults.append("\(absent.joined(separator: ", ")) must lie beside kube-ovn-lab in \(directory) (build them with: swift build)")
    }
    return faults
  }

  /// The folder of this very program.
  package static func ownDirectory() throws(ProcessError) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
    guard count > 0 else { throw .system("find this program", errno) }
    let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = path.lastIndex(of: "/") else { throw .system("find this program", ENOENT) }
    return String(path[..<slash])
  }
}
