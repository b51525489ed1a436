/// One request with its whole body. Bodies here are API objects and CNI messages, so they fit in memory;
/// servers bound their size before they build this value.
package struct HTTPRequest: Sendable, Equatable {
  /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, ...
  package var method: String
  /// Origin form as sent: percent-encoded path and, after `?`, the query.
  package var target: String
  package var headers: HTTPHeaders
  package var body: [UInt8]

  package init(method: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// The target's path, percent-decoded.
  package var path: String {
    PercentEncoding.decode(target.prefix { $0 != "?" }, plusIsSpace: false)
  }

  /// The query's items in order, decoded; a key without `=` has an empty value.
  package var query: [HTTPQueryItem] {
    guard let mark = target.firstIndex(of: "?") else { return [] }
    return target[target.index(after: mark)...].split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return HTTPQueryItem(
        name: PercentEncoding.decode(parts[0], plusIsSpace: true),
        value: parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : "")
    }
  }
}

/// A name and a value of a URL's query, both decoded.
package struct HTTPQueryItem: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// RFC 3986 §2.1 percent-encoding.
package enum PercentEncoding {
  /// Decodes `%XX`; a malformed escape is kept as it stands, bytes that are no UTF-8 become U+FFFD.
  package static func decode(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.count)
    var index = 0
    while index < source.count {
      let byte = source[index]
      if byte == 0x25, index + 2 < source.count, let high = hex(source[index + 1]), let low = hex(source[index + 2]) {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(plusIsSpace && byte == 0x2B ? 0x20 : byte)
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Encodes everything but RFC 3986's unreserved characters, so the result can stand as a path segment or a query value.
  package static func encode(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        result += "%" + digit(byte >> 4) + digit(byte & 15)
      }
    }
    return result
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  private static func digit(_ nibble: UInt8) -> String {
    String(nibble, radix: 16, uppercase: true)
  }
}
