import HTTPMessage
package import KubeAPI
package import WireJSON

/// Reading and writing single objects.
extension KubeClient {
  package func get<R: Resource>(_ type: R.Type, _ key: ObjectKey) async throws -> R {
    try await decoded(object("GET", R.resourceType, key))
  }

  /// Creates an object; its name and namespace stand in `body`, the namespace must be the same as `namespace`.
  package func create<R: Resource>(_ type: R.Type, namespace: String = "", body: JSONValue) async throws -> R {
    try await decoded(creation(R.resourceType, namespace, body))
  }

  /// Creates an object of a kind that we have no projection of.
  package func create(_ type: ResourceType, namespace: String = "", body: JSONValue) async throws {
    _ = try await send(creation(type, namespace, body))
  }

  /// JSON merge patch (RFC 7386).
  @discardableResult
  package func patch<R: Resource>(_ type: R.Type, _ key: ObjectKey, merge: JSONValue, subresource: String? = nil) async throws -> R {
    try await decoded(change("PATCH", R.resourceType, key, subresource, merge.bytes, "application/merge-patch+json"))
  }

  /// JSON merge patch of an object of a kind that we have no projection of.
  package func patch(_ type: ResourceType, _ key: ObjectKey, merge: JSONValue, subresource: String? = nil) async throws {
    _ = try await send(change("PATCH", type, key, subresource, merge.bytes, "application/merge-patch+json"))
  }

  /// JSON patch (RFC 6902): `operations` is the array.
  @discardableResult
  package func jsonPatch<R: Resource>(
    _ type: R.Type, _ key: ObjectKey, _ operations: [JSONValue], subresource: String? = nil
  ) async throws -> R {
    try await decoded(change("PATCH", R.resourceType, key, subresource, JSONValue.array(operations).bytes, "application/json-patch+json"))
  }

  /// Replaces an object whole. Only for kinds that we know whole: Leases.
  @discardableResult
  package func replace<R: Resource>(_ type: R.Type, _ key: ObjectKey, body: JSONValue) async throws -> R {
    try await decoded(change("PUT", R.resourceType, key, nil, body.bytes, "application/json"))
  }

  /// What must hold for an object to be deleted, and how.
  package struct DeleteOptions: Sendable, Equatable {
    /// The object's identity as the caller saw it; another object of the same name is then a conflict.
    package var uid = ""
    package var resourceVersion = ""
    package var gracePeriodSeconds: Int64?
    /// `Foreground`, `Background` or `Orphan`.
    package var propagationPolicy: String?

    package init() {}

    /// Deletes exactly the object that `metadata` shows, in that state.
    package init(exactly metadata: ObjectMeta) {
      uid = metadata.uid
      resourceVersion = metadata.resourceVersion
    }

    var json: JSONValue {
      var preconditions: [String: JSONValue] = [:]
      if !uid.isEmpty { preconditions["uid"] = .string(uid) }
      if !resourceVersion.isEmpty { preconditions["resourceVersion"] = .string(resourceVersion) }
      var json: JSONValue = ["apiVersion": "v1", "kind": "DeleteOptions"]
      if !preconditions.isEmpty { json["preconditions"] = .object(preconditions) }
      if let gracePeriodSeconds { json["gracePeriodSeconds"] = .integer(gracePeriodSeconds) }
      if let propagationPolicy { json["propagationPolicy"] = .string(propagationPolicy) }
      return json
    }
  }

  package func delete(_ type: ResourceType, _ key: ObjectKey, _ options: DeleteOptions = DeleteOptions()) async throws {
    var call = object("DELETE", type, key)
    call.body = options.json.bytes
    call.contentType = "application/json"
    _ = try await send(call)
  }

  package func delete<R: Resource>(_ type: R.Type, _ key: ObjectKey, _ options: DeleteOptions = DeleteOptions()) async throws {
    try await delete(R.resourceType, key, options)
  }

  // MARK: Calls

  private func object(_ method: String, _ type: ResourceType, _ key: ObjectKey) -> Call {
    Call(
      method: method, resource: type.path(), path: type.path(namespace: key.namespace, name: PercentEncoding.encode(key.name)))
  }

  private func creation(_ type: ResourceType, _ namespace: String, _ body: JSONValue) -> Call {
    Call(
      method: "POST", resource: type.path(), path: type.path(namespace: namespace), query: managerQuery, body: body.bytes,
      contentType: "application/json")
  }

  private func change(
    _ method: String, _ type: ResourceType, _ key: ObjectKey, _ subresource: String?, _ body: [UInt8], _ contentType: String
  ) -> Call {
    Call(
      method: method, resource: type.path(),
      path: type.path(namespace: key.namespace, name: PercentEncoding.encode(key.name), subresource: subresource), query: managerQuery,
      body: body, contentType: contentType)
  }

  private var managerQuery: [HTTPQueryItem] {
    identity.fieldManager.map { [HTTPQueryItem(name: "fieldManager", value: $0)] } ?? []
  }

  private func decoded<R: Resource>(_ call: Call) async throws -> R {
    let body = try await send(call)
    do {
      return try R(decoding: body)
    } catch {
      throw UndecodableAnswer(request: call.summary, error: error)
    }
  }
}
