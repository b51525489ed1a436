import HTTPMessage
import WireJSON

/// `/openapi/v3`: what `kubectl explain` reads, and where kubectl learns that the server validates fields itself.
///
/// Strategic merge patches are left out of the patch operations on purpose: kubectl would then take merge keys from these documents, and
/// the built-in types here are not modelled to the last field; without them it uses its own, complete types.
extension APIServer {
  private static let componentPrefix = "#/components/schemas/"

  func openAPI(_ path: String) throws -> HTTPResponse {
    let groupVersions = Set(registry.all.map { ($0.group.isEmpty ? "api/" : "apis/" + $0.group + "/") + $0.version })
    if path.isEmpty {
      let hash = String(registry.edition)
      let paths = Dictionary(
        uniqueKeysWithValues: groupVersions.map { groupVersion -> (String, JSONValue) in
          (groupVersion, ["serverRelativeURL": .string("/openapi/v3/\(groupVersion)?hash=\(hash)")])
        })
      let document: JSONValue = ["paths": .object(paths)]
      return HTTPResponse(status: 200, json: document.bytes)
    }
    guard groupVersions.contains(path) else { throw APIStatus.noResource() }
    let definitions = registry.all.filter { ($0.group.isEmpty ? "api/" : "apis/" + $0.group + "/") + $0.version == path }
    var paths: [String: JSONValue] = [:]
    var components: [String: JSONValue] = [:]
    for definition in definitions {
      Self.addPaths(of: definition, root: "/" + path, to: &paths)
      Self.addComponents(of: definition, to: &components)
    }
    let document: JSONValue = [
      "openapi": "3.0.0", "info": ["title": "kube-ovn-lab", "version": .string(Self.gitVersion)], "paths": .object(paths),
      "components": ["schemas": .object(components)],
    ]
    return HTTPResponse(status: 200, json: document.bytes)
  }

  // MARK: Paths

  private static func addPaths(of definition: ResourceDefinition, root: String, to paths: inout [String: JSONValue]) {
    let base = root + (definition.isNamespaced ? "/namespaces/{namespace}/" : "/") + definition.plural
    let kind: JSONValue = [
      "group": .string(definition.group), "version": .string(definition.version), "kind": .string(definition.kind),
    ]
    func operation(_ action: String, _ types: [String] = []) -> JSONValue {
      var operation: JSONValue = [
        "x-kubernetes-group-version-kind": kind, "x-kubernetes-action": .string(action), "responses": ["200": ["description": "OK"]],
      ]
      guard !types.isEmpty else { return operation }
      operation["parameters"] = .array(
        ["dryRun", "fieldManager", "fieldValidation"].map { name in
          ["name": .string(name), "in": "query", "schema": ["type": "string"]]
        })
      let content = Dictionary(
        uniqueKeysWithValues: types.map { type -> (String, JSONValue) in
          (type, ["schema": ["$ref": .string(componentPrefix + componentName(of: definition))]])
        })
      operation["requestBody"] = ["content": .object(content)]
      return operation
    }
    paths[base] = ["post": operation("post", ["application/json", "application/yaml"])]
    guard !definition.isTransient else { return }
    paths[base]?["get"] = operation("list")
    let patches = ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"]
    let item: JSONValue = [
      "get": operation("get"), "put": operation("put", ["application/json"]), "patch": operation("patch", patches),
      "delete": operation("delete"),
    ]
    paths[base + "/{name}"] = item
    if definition.hasStatus { paths[base + "/{name}/status"] = item }
  }

  // MARK: Schemas

  private static func componentName(of definition: ResourceDefinition) -> String {
    guard definition.isCustom else { return componentName(of: definition.kind) }
    let reversed = definition.group.split(separator: ".").reversed().joined(separator: ".")
    return reversed + "." + definition.version + "." + definition.kind
  }

  /// Built-in types share one prefix; what stands behind the last dot is what `kubectl explain` shows.
  private static func componentName(of type: String) -> String { "io.k8s.api." + type }

  private static func addComponents(of definition: ResourceDefinition, to components: inout [String: JSONValue]) {
    let name = componentName(of: definition)
    if definition.isCustom {
      var schema = definition.schema.fields.source ?? ["type": "object"]
      addType(to: &schema)
      schema["properties"]?["metadata"] = reference(to: BuiltinKinds.metadata, description: "Name, labels and the like.", &components)
      components[name] = schema
    } else {
      addComponent(of: definition.schema, to: &components)
      if var schema = components[name] {
        addType(to: &schema)
        components[name] = schema
      }
    }
    components[name]?["x-kubernetes-group-version-kind"] = [
      ["group": .string(definition.group), "version": .string(definition.version), "kind": .string(definition.kind)]
    ]
  }

  private static func addType(to schema: inout JSONValue) {
    schema.setDefault("properties", [:])
    schema["properties"]?["apiVersion"] = ["type": "string", "description": "The version of the API that the object is written in."]
    schema["properties"]?["kind"] = ["type": "string", "description": "The kind of the object."]
  }

  private static func addComponent(of schema: Schema, to components: inout [String: JSONValue]) {
    guard let type = schema.fields.name else { return }
    let name = componentName(of: type)
    guard components[name] == nil else { return }
    components[name] = [:]
    // A field of this type carries the field's sentence; the component wants the type's own.
    let schema = BuiltinKinds.schema(type)
    var properties: [String: JSONValue] = [:]
    for (field, member) in schema.fields.properties { properties[field] = document(member, &components) }
    var value: JSONValue = ["type": "object", "properties": .object(properties)]
    if let description = schema.fields.description { value["description"] = .string(description) }
    if !schema.fields.required.isEmpty { value["required"] = .array(schema.fields.required.map { .string($0) }) }
    components[name] = value
  }

  private static func reference(to schema: Schema, description: String?, _ components: inout [String: JSONValue]) -> JSONValue {
    addComponent(of: schema, to: &components)
    var value: JSONValue = ["allOf": [["$ref": .string(componentPrefix + componentName(of: schema.fields.name ?? ""))]]]
    if let description { value["description"] = .string(description) }
    return value
  }

  private static func document(_ schema: Schema, _ components: inout [String: JSONValue]) -> JSONValue {
    let fields = schema.fields
    if fields.name != nil { return reference(to: schema, description: fields.description, &components) }
    var value: JSONValue = [:]
    if let description = fields.description { value["description"] = .string(description) }
    if fields.isIntOrString {
      value["oneOf"] = [["type": "integer"], ["type": "string"]]
      value["format"] = "int-or-string"
      return value
    }
    value["type"] = .string(fields.type ?? "object")
    if let format = fields.format { value["format"] = .string(format) }
    if schema.isOpen { value["x-kubernetes-preserve-unknown-fields"] = true }
    if let items = fields.items {
      // The list's sentence and the type's are enough.
      value["items"] = items.fields.name == nil ? document(items, &components) : reference(to: items, description: nil, &components)
    }
    if let additional = fields.additional { value["additionalProperties"] = document(additional, &components) }
    return value
  }
}
