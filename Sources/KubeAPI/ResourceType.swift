/// How the API server names a kind and where it serves it.
package struct ResourceType: Hashable, Sendable, CustomStringConvertible {
  /// Empty for the core group.
  package let group: String
  package let version: String
  package let plural: String
  package let kind: String
  package let isNamespaced: Bool

  package init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool) {
    self.group = group
    self.version = version
    self.plural = plural
    self.kind = kind
    self.isNamespaced = isNamespaced
  }

  package var apiVersion: String { group.isEmpty ? version : group + "/" + version }

  /// The URL path of a collection (no name), an object, or a subresource of it. A nil or empty namespace means the cluster scope,
  /// or all namespaces. Names of Kubernetes objects need no escaping: the API server admits only DNS labels and subdomains.
  package func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
    var path = group.isEmpty ? "/api/" + version : "/apis/" + group + "/" + version
    if isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/" + namespace }
    path += "/" + plural
    if let name { path += "/" + name }
    if let subresource { path += "/" + subresource }
    return path
  }

  package var description: String { group.isEmpty ? plural : plural + "." + group }
}
