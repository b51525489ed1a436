import WireJSON

/// A column of the `Table` form of a list.
struct TableColumn: Sendable {
  var name: String
  /// `string`, `integer`, `number`, `boolean`, `date`.
  var type = "string"
  var format = ""
  var description = ""
  /// Columns above 0 are shown by `-o wide` only.
  var priority = 0
  /// The cell of an object; the time is for ages.
  var cell: @Sendable (JSONValue, Timestamp) -> JSONValue

  static let name = TableColumn(name: "Name", format: "name", description: "The object's name.") { object, _ in
    object[path: ["metadata", "name"]] ?? ""
  }

  static let age = TableColumn(name: "Age", description: "Time since the object was made.") { object, now in
    .string(HumanDuration.age(object[path: ["metadata", "creationTimestamp"]]?.string, now: now))
  }

  static func text(_ name: String, priority: Int = 0, _ value: @escaping @Sendable (JSONValue) -> String) -> TableColumn {
    TableColumn(name: name, priority: priority) { object, _ in .string(value(object)) }
  }

  static func number(_ name: String, _ path: [String]) -> TableColumn {
    TableColumn(name: name, type: "integer") { object, _ in object[path: path] ?? 0 }
  }

  /// A CRD's `additionalPrinterColumns`; without any, name and age.
  static func custom(_ columns: [JSONValue]) -> [TableColumn] {
    guard !columns.isEmpty else { return [name, age] }
    return [name]
      + columns.map { column in
        let type = column["type"]?.string ?? "string"
        let path = JSONPath(column["jsonPath"]?.string ?? "")
        return TableColumn(
          name: column["name"]?.string ?? "", type: type, format: column["format"]?.string ?? "",
          description: column["description"]?.string ?? "", priority: column["priority"]?.int ?? 0
        ) { object, now in
          let values = path?.values(in: object) ?? []
          return shown(values, type, now)
        }
      }
  }

  private static func shown(_ values: [JSONValue], _ type: String, _ now: Timestamp) -> JSONValue {
    guard let first = values.first else { return .null }
    switch type {
    case "integer": return first.number?.int64.map { .integer($0) } ?? first
    case "number", "boolean": return first
    case "date": return .string(HumanDuration.age(first.string, now: now))
    default:
      let texts = values.map { $0.string ?? $0.text }
      return .string(texts.joined(separator: ","))
    }
  }

  /// `columnDefinitions` of a Table.
  var definition: JSONValue {
    [
      "name": .string(name), "type": .string(type == "date" ? "date" : type), "format": .string(format),
      "description": .string(description), "priority": .integer(priority),
    ]
  }
}
