import Foundation
import Testing

/// What the project ships for clusters, taken by the real kubectl. On a cluster of somebody else's (`KUBECONFIG`) nothing is installed:
/// the server only says whether it would be.
@Suite(.enabled(if: ServedCluster.kubectlMinor >= 24, "kubectl 1.24 or later is needed"))
struct DeployManifestsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .path

  @Test("kubectl apply takes deploy/crds and deploy/, twice, and explains what they define")
  func deploy() async throws {
    let isForeign = !(ProcessInfo.processInfo.environment["KUBECONFIG"] ?? "").isEmpty
    let dryRun = isForeign ? ["--dry-run=server"] : []
    try await ServedCluster.run { cluster in
      for (folder, count) in [("deploy/crds", 7), ("deploy", 11)] {
        let first = try await cluster.run(["kubectl", "apply", "-f", Self.root + "/" + folder] + dryRun)
        #expect(first.status == 0, "\(first.text)")
        #expect(first.output.split(separator: "\n").count == count, "\(first.text)")
      }
      guard !isForeign else { return }
      let established = try await cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=300s")
      #expect(established.status == 0, "\(established.text)")
      let again = try await cluster.kubectl("apply", "-f", Self.root + "/deploy")
      #expect(again.status == 0 && again.output.split(separator: "\n").allSatisfy { $0.hasSuffix("unchanged") }, "\(again.text)")
      for field in [
        "subnets.spec.excludeIps", "subnets.status.v4availableIPs", "ips.spec.v4IpAddress", "vips.spec.macAddress", "ippools.spec.ips",
      ] {
        let explained = try await cluster.kubectl("explain", field)
        #expect(explained.status == 0 && explained.output.contains("DESCRIPTION"), "\(field): \(explained.text)")
      }
      let columns = try await cluster.kubectl("get", "ips", "-o", "wide")
      #expect(columns.status == 0, "\(columns.text)")
      let rights = try await cluster.kubectl("get", "clusterrole", "kube-ovn-cni", "-o", "jsonpath={.rules[*].resources}")
      #expect(rights.output.contains("pods"), "\(rights.text)")
    }
  }
}
