// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is compiled alike: language mode 6 and the upcoming features that docs/architecture.md explains.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Products of other packages, by the short names used in the tables below.
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
  .testTarget(name: name + "Tests", dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
  name: "kube-ovn-swift",
  products: [
    .executable(name: "kube-ovn", targets: ["kube-ovn"]),
    .executable(name: "kube-ovn-controller", targets: ["kube-ovn-controller"]),
    .executable(name: "kube-ovn-daemon", targets: ["kube-ovn-daemon"]),
    .executable(name: "kube-ovn-lab", targets: ["kube-ovn-lab"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
  ],
  targets: [
    // Pure: values in, values out.
    .target(name: "CLinux"),
    library("NetAddress"),
    library("WireJSON"),
    library("HTTPMessage"),
    library("IPAM", ["NetAddress"]),
    library("KubeAPI", ["WireJSON"]),
    library("CNI", ["NetAddress", "WireJSON"]),
    library("PodNetwork", ["NetAddress", "WireJSON", "KubeAPI", "CNI"]),
    library("OVSDB", ["WireJSON"]),
    // I/O begins here.
    library("Telemetry", ["HTTPMessage", logging]),
    library("DaemonCommand"),
    library("Netlink", ["NetAddress", "CLinux"]),
    library("HTTPTransport", ["HTTPMessage", logging] + nio + [.product(name: "NIOTLS", package: "swift-nio")]),
    library("KubeClient", ["KubeAPI", "WireJSON", "HTTPMessage", "Telemetry", yams, logging]),
    library("KubeRuntime", ["KubeAPI", "WireJSON", "KubeClient", "Telemetry", logging]),
    library(
      "Controllers",
      ["NetAddress", "WireJSON", "IPAM", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime", "Telemetry", logging]),
    library(
      "NodeDaemon",
      [
        "NetAddress", "WireJSON", "HTTPMessage", "HTTPTransport", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime",
        "Netlink", "Telemetry", logging,
      ]),
    // The lab: nothing that ships on a cluster imports these.
    library("KubeLab", ["WireJSON", "HTTPMessage", yams, logging]),
    library(
      "LabNodes",
      [
        "NetAddress", "WireJSON", "HTTPMessage", "HTTPTransport", "KubeAPI", "CNI", "PodNetwork", "KubeClient", "KubeRuntime",
        "KubeLab", "Netlink", "CLinux", "Telemetry", yams, logging,
      ]),
    // For tests alone.
    library("KubeTesting", ["HTTPMessage"]),
    // Executables.
    executable("kube-ovn", ["CNI", "NetAddress", "WireJSON", "CLinux"]),
    executable(
      "kube-ovn-controller",
      [
        "Controllers", "DaemonCommand", "KubeAPI", "KubeClient", "KubeRuntime", "HTTPMessage", "HTTPTransport", "PodNetwork", "Telemetry",
        arguments, logging,
      ]),
    executable(
      "kube-ovn-daemon",
      [
        "NodeDaemon", "DaemonCommand", "KubeAPI", "KubeClient", "KubeRuntime", "HTTPMessage", "HTTPTransport", "Telemetry", arguments,
        logging,
      ]),
    executable("kube-ovn-lab", ["LabNodes", "KubeLab", "KubeClient", "HTTPMessage", "HTTPTransport", "Telemetry", arguments, logging]),
    // Tests.
    tests("HTTPTransport", ["HTTPMessage", "HTTPTransport", logging] + nio),
    tests("KubeClient", ["KubeClient", "KubeAPI", "WireJSON", "HTTPMessage", "Telemetry", "KubeTesting"]),
    tests("DaemonCommand", ["DaemonCommand"]),
    tests(
      "NodeDaemon",
      ["NodeDaemon", "NetAddress", "WireJSON", "HTTPMessage", "KubeAPI", "CNI", "KubeClient", "KubeRuntime", "KubeTesting", logging]),
    tests(
      "Controllers",
      [
        "Controllers", "NetAddress", "WireJSON", "HTTPMessage", "HTTPTransport", "IPAM", "KubeAPI", "KubeClient", "KubeRuntime", "KubeLab",
        logging,
      ]),
    tests(
      "APIServerClient",
      [
        "KubeLab", "HTTPTransport", "KubeRuntime", "KubeClient", "KubeAPI", "WireJSON", "HTTPMessage", "KubeTesting", logging,
      ]),
    tests("NetAddress", ["NetAddress"]),
    tests("IPAM", ["IPAM", "NetAddress"], resources: [.copy("Fixtures")]),
    tests("WireJSON", ["WireJSON"]),
    tests("CNI", ["CNI", "NetAddress", "WireJSON"], resources: [.copy("Fixtures")]),
    tests("Netlink", ["Netlink", "NetAddress", "CLinux"]),
    tests("Plugin", ["kube-ovn", "CNI", "NetAddress", "WireJSON", "Netlink", "CLinux"]),
    tests("KubeLab", ["KubeLab", "HTTPMessage", "HTTPTransport", "WireJSON", logging], resources: [.copy("Fixtures")]),
    tests(
      "LabNodes",
      [
        "LabNodes", "KubeLab", "KubeClient", "KubeRuntime", "KubeAPI", "WireJSON", "NetAddress", "CNI", "PodNetwork", "Netlink", logging,
        "kube-ovn", "kube-ovn-controller", "kube-ovn-daemon", "kube-ovn-lab",
      ]),
    tests("KubeAPI", ["KubeAPI", "WireJSON"]),
    tests("OVSDB", ["OVSDB", "WireJSON"]),
    tests("PodNetwork", ["PodNetwork", "NetAddress", "WireJSON", "KubeAPI", "CNI"], resources: [.copy("Fixtures")]),
    tests("KubeRuntime", ["KubeRuntime", "KubeClient", "KubeAPI", "WireJSON", "HTTPMessage", "Telemetry", "KubeTesting", logging]),
    tests("Telemetry", ["Telemetry", "HTTPMessage", logging]),
    tests(
      "EndToEnd",
      [
        "LabNodes", "KubeLab", "KubeClient", "KubeRuntime", "KubeAPI", "WireJSON", "NetAddress", "Netlink", logging, "kube-ovn",
        "kube-ovn-controller", "kube-ovn-daemon", "kube-ovn-lab",
      ]),
  ]
)
