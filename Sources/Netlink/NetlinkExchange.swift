import CLinux
import Glibc

/// One request and the messages that answer it: decides when the answer is whole, and whether it is good. Takes datagrams, does no I/O.
struct NetlinkExchange {
  enum Outcome: Equatable {
    /// Read on.
    case incomplete
    /// Everything is there.
    case complete([NetlinkMessage])
    /// The listed table changed meanwhile: ask again.
    case interrupted
    case refused(errno: Int32, kernelText: String)
  }

  private let sequence: UInt32
  private let isDump: Bool
  private var replies: [NetlinkMessage] = []
  private var wasInterrupted = false

  init(sequence: UInt32, isDump: Bool) {
    self.sequence = sequence
    self.isDump = isDump
  }

  /// What the exchange comes to with this datagram. Messages with another sequence number answer an earlier request that was given up.
  mutating func receive(_ datagram: [UInt8]) throws(NetlinkFormatError) -> Outcome {
    for message in try NetlinkMessage.decode(datagram) where message.sequence == sequence {
      if message.flags & NetlinkMessage.Flag.dumpInterrupted != 0 { wasInterrupted = true }
      switch message.type {
      case NetlinkMessage.Kind.noOperation: continue
      case NetlinkMessage.Kind.overrun: throw NetlinkFormatError("the kernel lost part of its answer")
      case NetlinkMessage.Kind.error, NetlinkMessage.Kind.done: return try finish(message)
      default: replies.append(message)
      }
    }
    return .incomplete
  }

  /// `struct nlmsgerr`: a negative errno (0: acknowledged), the request's header, and perhaps attributes with a sentence. The end
  /// of a dump has the errno and the attributes only, or nothing.
  private func finish(_ message: NetlinkMessage) throws(NetlinkFormatError) -> Outcome {
    var reader = NetlinkReader(message.payload[...])
    let code: Int32 = message.type == NetlinkMessage.Kind.done && reader.isAtEnd ? 0 : try reader.read(Int32.self)
    guard code == 0 else {
      return .refused(errno: code == .min ? EPROTO : abs(code), kernelText: try Self.text(of: message, &reader))
    }
    return isDump && wasInterrupted ? .interrupted : .complete(replies)
  }

  private static func text(of message: NetlinkMessage, _ reader: inout NetlinkReader) throws(NetlinkFormatError) -> String {
    guard message.flags & NetlinkMessage.Flag.hasAttributes != 0 else { return "" }
    if message.type == NetlinkMessage.Kind.error {
      let length = Int(try reader.read(UInt32.self))
      _ = try reader.readBytes(NetlinkMessage.headerSize - 4)
      if message.flags & NetlinkMessage.Flag.capped == 0 {
        guard length >= NetlinkMessage.headerSize else { throw NetlinkFormatError("an echoed request of \(length) bytes") }
        _ = try reader.readBytes(length - NetlinkMessage.headerSize)
      }
    }
    return try reader.readAttributes().first { $0.type == Int(NLMSGERR_ATTR_MSG.rawValue) }?.text ?? ""
  }
}
