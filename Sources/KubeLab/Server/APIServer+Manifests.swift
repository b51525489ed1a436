import FoundationEssentials
import HTTPMessage
package import WireJSON

/// Manifests from files: the CRDs that the lab starts with, and whatever else somebody wants applied without kubectl.
extension APIServer {
  /// Why a manifest was not taken in.
  package struct ManifestError: Error, CustomStringConvertible {
    /// File, kind and name, as far as they are known.
    package var subject: String
    package var reason: String
    package var description: String { "\(subject): \(reason)" }
  }

  /// The objects in the YAML files of a folder, or in one file, in the order of file names.
  package static func manifests(at path: String) throws -> [JSONValue] {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ManifestError(subject: path, reason: "no such file or folder")
    }
    let names = isFolder ? try FileManager.default.contentsOfDirectory(atPath: path).sorted() : [""]
    var objects: [JSONValue] = []
    for name in names where !isFolder || name.hasSuffix(".yaml") || name.hasSuffix(".yml") || name.hasSuffix(".json") {
      let file = isFolder ? path + "/" + name : path
      guard let data = FileManager.default.contents(atPath: file) else { throw ManifestError(subject: file, reason: "cannot be read") }
      do {
        objects += try YAMLReader.documents(String(decoding: data, as: UTF8.self))
      } catch {
        throw ManifestError(subject: file, reason: "\(error)")
      }
    }
    // A List stands for its items.
    return objects.flatMap { object in object["kind"]?.string == "List" ? object["items"]?.array ?? [] : [object] }
  }

  /// Applies objects (server-side, by force), in order and with all rights; namespaced ones without a namespace go to `default`.
  package func install(_ objects: [JSONValue], manager: String = "kube-ovn-lab") async throws {
    for object in objects {
      let kind = object["kind"]?.string ?? ""
      let name = object[path: ["metadata", "name"]]?.string ?? ""
      let version = object["apiVersion"]?.string ?? ""
      guard let definition = registry.all.first(where: { $0.kind == kind && $0.apiVersion == version }) else {
        throw ManifestError(subject: "\(kind) \(name)", reason: "no kind \(kind) in \(version) is served")
      }
      let request = HTTPRequest(
        method: "PATCH", target: "/", headers: ["Content-Type": "application/apply-patch+yaml"], body: object.bytes)
      let call = APICall(
        definition: definition, namespace: definition.isNamespaced ? object[path: ["metadata", "namespace"]]?.string ?? "default" : nil,
        name: name, request: request, query: ["fieldManager": manager, "force": "true"], form: .object, caller: .admin)
      do {
        _ = try patch(call)
      } catch let status as APIStatus {
        throw ManifestError(subject: "\(kind) \(name)", reason: status.message)
      }
    }
  }
}
