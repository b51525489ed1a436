import WireJSON

/// The built-in types, read from compact text:
///
///     Name: description
///       field type [key=a[,b]] [merge=a] [retain] [set] [atomic] [default=a] [!]: description
///
/// Types: `string`, `int` (32 bit), `long`, `number`, `bool`, `time`, `microtime`, `quantity`, `intstr`, `any`, `map` (of strings), `map<T>`,
/// `[]T`, or a type's name. `key` makes a list a map for server-side apply, and by its first name for strategic merge patches unless
/// `merge` names another; `set` is a list that merges as a set; `retain` is the retainKeys strategy; `default` completes the keys
/// of map lists (defaulting itself is the kind's rules' business); `!` marks a required field.
struct TypeCatalog {
  private struct Field {
    var name: String
    var type: String
    var marks: [Substring]
    var description: String
  }

  private struct Entry {
    var description: String
    var fields: [Field] = []
  }

  private var entries: [String: Entry] = [:]
  private var built: [String: Schema] = [:]

  /// Later texts may refer to types of earlier ones and the other way round.
  init(_ texts: [String]) {
    var current = ""
    for line in texts.joined(separator: "\n").split(separator: "\n") where !line.isEmpty {
      let parts = line.split(separator: ":", maxSplits: 1)
      let description = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
      if line.first != " " {
        current = String(parts[0])
        entries[current] = Entry(description: description)
      } else {
        let words = parts[0].split(separator: " ")
        guard words.count >= 2 else { continue }
        entries[current]?.fields.append(
          Field(name: String(words[0]), type: String(words[1]), marks: Array(words.dropFirst(2)), description: description))
      }
    }
  }

  /// The schema of a type; a name that the catalog does not have is an open value.
  mutating func schema(_ name: String) -> Schema {
    if let known = built[name] { return known }
    guard let entry = entries[name] else { return .open }
    var fields = Schema.Fields(name: name, description: entry.description, type: "object")
    for field in entry.fields {
      fields.properties[field.name] = member(field)
      if field.marks.contains("!") { fields.required.append(field.name) }
    }
    if fields.properties.isEmpty { fields.keepsUnknown = true }
    let schema = Schema(fields)
    built[name] = schema
    return schema
  }

  private mutating func member(_ field: Field) -> Schema {
    var fields = type(field.type)
    fields.description = field.description
    for mark in field.marks {
      let parts = mark.split(separator: "=")
      let names = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
      switch parts[0] {
      case "key":
        fields.listType = .map
        fields.listKeys = names
        fields.patchRule = fields.patchRule ?? Schema.PatchRule(mergeKey: names.first)
      case "merge": fields.patchRule = Schema.PatchRule(mergeKey: names.first)
      case "set":
        fields.listType = .set
        fields.patchRule = Schema.PatchRule(mergeKey: nil)
      case "retain": fields.patchRule = Schema.PatchRule(mergeKey: fields.patchRule?.mergeKey, retainsKeys: true)
      case "default": fields.defaultValue = names.first.map { .string($0) }
      case "atomic": fields.isAtomicMap = true
      default: break
      }
    }
    return Schema(fields)
  }

  private mutating func type(_ text: String) -> Schema.Fields {
    if text.hasPrefix("[]") {
      return Schema.Fields(type: "array", items: Schema(type(String(text.dropFirst(2)))))
    }
    if text.hasPrefix("map<") {
      return Schema.Fields(type: "object", additional: Schema(type(String(text.dropFirst(4).dropLast()))))
    }
    switch text {
    case "string": return Schema.Fields(type: "string")
    case "int": return Schema.Fields(type: "integer", format: "int32")
    case "long": return Schema.Fields(type: "integer", format: "int64")
    case "number": return Schema.Fields(type: "number")
    case "bool": return Schema.Fields(type: "boolean")
    case "time": return Schema.Fields(type: "string", format: "date-time", timeForm: .seconds)
    case "microtime": return Schema.Fields(type: "string", format: "date-time", timeForm: .micro)
    case "intstr": return Schema.Fields(isIntOrString: true)
    case "quantity": return Schema.Fields(isIntOrString: true)
    case "map": return Schema.Fields(type: "object", additional: Schema(Schema.Fields(type: "string")))
    case "any": return Schema.open.fields
    default: return schema(text).fields
    }
  }
}
