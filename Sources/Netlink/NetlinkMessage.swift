import CLinux

/// One netlink message: the sixteen-byte header of `struct nlmsghdr` and what follows it, in the machine's byte order.
package struct NetlinkMessage: Sendable, Hashable {
  package var type: UInt16
  package var flags: UInt16
  package var sequence: UInt32
  /// Port of the sender; zero is the kernel's, and in a request "fill it in".
  package var port: UInt32
  package var payload: [UInt8]

  package init(type: UInt16, flags: UInt16, sequence: UInt32 = 0, port: UInt32 = 0, payload: [UInt8]) {
    self.type = type
    self.flags = flags
    self.sequence = sequence
    self.port = port
    self.payload = payload
  }

  static let headerSize = 16

  package var encoded: [UInt8] {
    var builder = NetlinkBuilder()
    builder.append(UInt32(Self.headerSize + payload.count))
    builder.append(type)
    builder.append(flags)
    builder.append(sequence)
    builder.append(port)
    builder.append(bytes: payload)
    return builder.bytes
  }

  /// The messages of one datagram. A length that points outside it, or before its own header, refuses the whole.
  package static func decode(_ datagram: [UInt8]) throws(NetlinkFormatError) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    var reader = NetlinkReader(datagram[...])
    while !reader.isAtEnd {
      let length = Int(try reader.read(UInt32.self))
      let type = try reader.read(UInt16.self)
      let flags = try reader.read(UInt16.self)
      let sequence = try reader.read(UInt32.self)
      let port = try reader.read(UInt32.self)
      guard length >= headerSize else { throw NetlinkFormatError("a message of \(length) bytes is shorter than its header") }
      let payload = try reader.readBytes(length - headerSize)
      messages.append(NetlinkMessage(type: type, flags: flags, sequence: sequence, port: port, payload: Array(payload)))
    }
    return messages
  }

  /// `NLM_F_…` and `NLMSG_…` in the width of the header's fields.
  enum Flag {
    static let request = UInt16(NLM_F_REQUEST)
    static let acknowledge = UInt16(NLM_F_ACK)
    static let dump = UInt16(NLM_F_ROOT | NLM_F_MATCH)
    static let create = UInt16(NLM_F_CREATE)
    static let exclusive = UInt16(NLM_F_EXCL)
    static let replace = UInt16(NLM_F_REPLACE)
    static let append = UInt16(NLM_F_APPEND)
    static let dumpInterrupted = UInt16(NLM_F_DUMP_INTR)
    static let capped = UInt16(NLM_F_CAPPED)
    static let hasAttributes = UInt16(NLM_F_ACK_TLVS)
  }

  enum Kind {
    static let error = UInt16(NLMSG_ERROR)
    static let done = UInt16(NLMSG_DONE)
    static let noOperation = UInt16(NLMSG_NOOP)
    static let overrun = UInt16(NLMSG_OVERRUN)
  }
}

/// Bytes that are no netlink message of the expected form.
package struct NetlinkFormatError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// Appends numbers, structures and attributes; attributes begin at multiples of four.
struct NetlinkBuilder {
  private(set) var bytes: [UInt8] = []

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
  }

  mutating func append(bytes more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  mutating func attribute(_ type: Int, _ value: some Collection<UInt8>) {
    pad()
    append(UInt16(4 + value.count))
    append(UInt16(truncatingIfNeeded: type))
    append(bytes: value)
    pad()
  }

  mutating func attribute<Number: FixedWidthInteger>(_ type: Int, _ number: Number) {
    attribute(type, withUnsafeBytes(of: number) { Array($0) })
  }

  /// An attribute whose value is a list of attributes, or a structure and such a list.
  mutating func nested(_ type: Int, _ body: (inout NetlinkBuilder) -> Void) {
    var inner = NetlinkBuilder()
    body(&inner)
    attribute(type, inner.bytes)
  }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}

/// Takes numbers and attributes off the front of received bytes; never reads past their end.
struct NetlinkReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func read<Number: FixedWidthInteger>(_: Number.Type) throws(NetlinkFormatError) -> Number {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { throw NetlinkFormatError("\(rest.count) bytes where \(size) are expected") }
    let number = rest.withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
    rest = rest.dropFirst(size)
    return number
  }

  /// Bytes, and behind them the padding to the next multiple of four, which may be cut off at the very end.
  mutating func readBytes(_ count: Int) throws(NetlinkFormatError) -> ArraySlice<UInt8> {
    guard count >= 0, rest.count >= count else { throw NetlinkFormatError("\(rest.count) bytes where \(count) are expected") }
    let taken = rest.prefix(count)
    rest = rest.dropFirst(min(rest.count, (count + 3) & ~3))
    return taken
  }

  /// The rest, as attributes.
  mutating func readAttributes() throws(NetlinkFormatError) -> [NetlinkAttribute] {
    var attributes: [NetlinkAttribute] = []
    while !isAtEnd {
      let length = Int(try read(UInt16.self))
      let type = try read(UInt16.self)
      guard length >= 4 else { throw NetlinkFormatError("an attribute of \(length) bytes is shorter than its header") }
      attributes.append(NetlinkAttribute(type: Int(type & NetlinkAttribute.typeMask), value: try readBytes(length - 4)))
    }
    return attributes
  }
}

/// One received attribute, without the flag bits of its type.
struct NetlinkAttribute {
  let type: Int
  let value: ArraySlice<UInt8>

  /// NLA_TYPE_MASK: the upper two bits say "nested" and "network byte order".
  static let typeMask: UInt16 = 0x3FFF

  func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws(NetlinkFormatError) -> Number {
    var reader = NetlinkReader(value)
    return try reader.read(Number.self)
  }

  /// Up to the closing zero, if there is one.
  var text: String { String(decoding: value.prefix { $0 != 0 }, as: UTF8.self) }

  var attributes: [NetlinkAttribute] {
    get throws(NetlinkFormatError) {
      var reader = NetlinkReader(value)
      return try reader.readAttributes()
    }
  }
}
