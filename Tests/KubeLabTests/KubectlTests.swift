import Foundation
import Testing

@testable import KubeLab

/// Real kubectl against a served cluster. Each test works in names of its own, so that it runs on any cluster, and takes them away.
@Suite("kubectl", .enabled(if: ServedCluster.kubectlMinor >= 24, "kubectl 1.24 or later is needed on PATH"))
struct KubectlTests {
  private static let deployment = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, labels: {app: web}}
    spec:
      replicas: 0
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
          - name: c
            image: nginx:1.2
            ports: [{containerPort: 80}]
            env: [{name: A, value: b}]
            volumeMounts: [{name: v, mountPath: /v}]
          volumes: [{name: v, emptyDir: {}}]
    """

  /// Runs the body in a namespace of its own.
  private func inNamespace(_ body: @Sendable (ServedCluster, String) async throws -> Void) async throws {
    try await ServedCluster.run { cluster in
      let name = "kubectl-" + UUID().uuidString.lowercased().prefix(8)
      let made = try await cluster.kubectl("create", "namespace", name)
      #expect(made.status == 0, "\(made.text)")
      do {
        try await body(cluster, name)
      } catch {
        _ = try await cluster.kubectl("delete", "namespace", name, "--wait=false")
        throw error
      }
      let deleted = try await cluster.kubectl("delete", "namespace", name, "--timeout=300s")
      #expect(deleted.status == 0, "\(deleted.text)")
    }
  }

  /// Runs kubectl and demands success and a text in its output.
  private func expect(
    _ cluster: ServedCluster, _ arguments: String, says text: String = "", input: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let outcome = try await cluster.run(
      ["kubectl", ServedCluster.requestTimeout] + arguments.split(separator: " ").map(String.init), input: input)
    #expect(outcome.status == 0, "kubectl \(arguments): \(outcome.text)", sourceLocation: sourceLocation)
    #expect(text.isEmpty || outcome.output.contains(text), "kubectl \(arguments): \(outcome.text)", sourceLocation: sourceLocation)
  }

  @Test("apply from the client's side creates, leaves alone and changes")
  func clientSideApply() async throws {
    try await inNamespace { cluster, namespace in
      let manifest = Self.deployment
      try await expect(cluster, "-n \(namespace) apply -f -", says: "deployment.apps/web created", input: manifest)
      try await expect(cluster, "-n \(namespace) apply -f -", says: "unchanged", input: manifest)
      let changed = manifest.replacing("nginx:1.2", with: "nginx:1.3").replacing("{name: A, value: b}", with: "{name: B, value: c}")
      try await expect(cluster, "-n \(namespace) apply -f -", says: "configured", input: changed)
      try await expect(
        cluster,
        "-n \(namespace) get deploy web -o jsonpath={.spec.template.spec.containers[0].image}{.spec.template.spec.containers[0].env}",
        says: "nginx:1.3[{\"name\":\"B\",\"value\":\"c\"}]")
    }
  }

  @Test("apply from the server's side owns fields, conflicts and forces")
  func serverSideApply() async throws {
    try await inNamespace { cluster, namespace in
      try await expect(cluster, "-n \(namespace) apply --server-side -f -", says: "serverside-applied", input: Self.deployment)
      try await expect(cluster, "-n \(namespace) set image deploy/web c=nginx:9", says: "image updated")
      let refused = try await cluster.kubectl("-n", namespace, "apply", "--server-side", "-f", "-", input: Self.deployment)
      #expect(refused.status != 0 && refused.errors.contains("conflict"), "\(refused.text)")
      try await expect(
        cluster, "-n \(namespace) apply --server-side --force-conflicts -f -", says: "serverside-applied", input: Self.deployment)
      try await expect(cluster, "-n \(namespace) get deploy web -o yaml", says: "image: nginx:1.2")
    }
  }

  @Test("get, describe, label, annotate, patch, wait and delete work on a pod")
  func pod() async throws {
    try await inNamespace { cluster, namespace in
      let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {schedulerName: nobody, containers: [{name: c, image: x}]}\n"
      try await expect(cluster, "-n \(namespace) create serviceaccount other", says: "created")
      try await expect(cluster, "-n \(namespace) apply -f -", says: "pod/p created", input: pod)
      try await expect(cluster, "-n \(namespace) get pods", says: "0/1     Pending")
      try await expect(cluster, "-n \(namespace) get pods -o wide", says: "NOMINATED NODE")
      try await expect(cluster, "-n \(namespace) get pod p -o yaml", says: "restartPolicy: Always")
      try await expect(cluster, "-n \(namespace) describe pod p", says: "Image:        x")
      try await expect(cluster, "-n \(namespace) label pod p a=b", says: "labeled")
      try await expect(cluster, "-n \(namespace) get pods -l a=b -o name", says: "pod/p")
      try await expect(cluster, "-n \(namespace) annotate pod p example.org/c=d", says: "annotated")
      try await expect(
        cluster, #"-n \#(namespace) patch pod p --subresource=status --type=merge -p {"status":{"phase":"Running"}}"#, says: "patched")
      try await expect(cluster, "-n \(namespace) wait pod/p --for=jsonpath={.status.phase}=Running --timeout=300s", says: "condition met")
      try await expect(cluster, #"-n \#(namespace) patch pod p -p {"spec":{"containers":[{"name":"c","image":"y"}]}}"#, says: "patched")
      try await expect(cluster, "-n \(namespace) delete pod p --timeout=300s", says: "deleted")
    }
  }

  @Test("discovery, explanations and help about the caller's rights are there")
  func discovery() async throws {
    try await ServedCluster.run { cluster in
      try await expect(cluster, "api-resources", says: "customresourcedefinitions")
      try await expect(cluster, "api-versions", says: "apps/v1")
      try await expect(cluster, "explain pod.spec.containers.image", says: "<string>")
      try await expect(cluster, "explain deployment.spec --recursive", says: "template")
      try await expect(cluster, "version", says: "Server Version: v1.")
      try await expect(cluster, "auth can-i list pods", says: "yes")
      try await expect(cluster, "get namespaces", says: "kube-system")
    }
  }

  @Test("kubectl's own creates, which come as protobuf, are understood")
  func creates() async throws {
    try await inNamespace { cluster, namespace in
      try await expect(cluster, "-n \(namespace) create configmap c --from-literal=a=b", says: "created")
      try await expect(cluster, "-n \(namespace) get configmap c -o jsonpath={.data.a}", says: "b")
      try await expect(cluster, "-n \(namespace) create secret generic s --from-literal=a=b", says: "created")
      try await expect(cluster, "-n \(namespace) get secret s -o jsonpath={.data.a}", says: "Yg==")
      try await expect(cluster, "-n \(namespace) create deployment d --image=nginx --port=80 --replicas=0", says: "created")
      try await expect(
        cluster, "-n \(namespace) get deploy d -o jsonpath={.spec.replicas}{.spec.template.spec.containers[0].ports}", says: "0[{")
      try await expect(cluster, "-n \(namespace) create service clusterip v --tcp=80:8080", says: "created")
      try await expect(cluster, "-n \(namespace) get service v", says: "80/TCP")
      try await expect(cluster, "-n \(namespace) create role r --verb=get --resource=pods", says: "created")
      try await expect(cluster, "-n \(namespace) create rolebinding b --role=r --serviceaccount=\(namespace):default", says: "created")
      try await expect(cluster, "-n \(namespace) describe rolebinding b", says: "default")
    }
  }

  @Test("unknown fields are refused before anything is stored")
  func validation() async throws {
    try await inNamespace { cluster, namespace in
      let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: x, imag: y}]}\n"
      let refused = try await cluster.kubectl("-n", namespace, "create", "-f", "-", input: pod)
      #expect(refused.status != 0 && refused.errors.contains("spec.containers[0].imag"), "\(refused.text)")
    }
  }

  @Test(
    "checks.py, which a real kube-apiserver passes in full: 76 passed, 0 failed", .enabled(if: ServedCluster.hasPython, "python3 is needed")
  )
  func checks() async throws {
    try await ServedCluster.run { cluster in
      let outcome = try await cluster.run(["python3", try fixture("checks.py")])
      #expect(outcome.status == 0)
      #expect(
        outcome.output.hasSuffix("76 passed, 0 failed\n"), "\(outcome.output.split(separator: "\n").filter { !$0.hasPrefix("PASS") })")
    }
  }
}
