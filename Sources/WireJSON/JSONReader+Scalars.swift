/// Scanning of strings and numbers.
extension JSONReader {
  /// Reads the quoted text at the cursor.
  mutating func scanString() throws(JSONError) -> String {
    let start = position
    let escaped = try findEnd().hasEscapes
    let body = UnsafeBufferPointer(rebasing: bytes[(start + 1)..<(position - 1)])
    if escaped { return try unescape(body, at: start) }
    guard let text = String(validating: body, as: UTF8.self) else { throw JSONError(offset: start, reason: .invalidUTF8) }
    return text
  }

  /// The same from the pool of texts.
  mutating func scanSharedString() throws(JSONError) -> String {
    let start = position
    let text = try findEnd()
    guard text.isASCII, !text.hasEscapes, StringPool.lengths.contains(position - start - 2) else {
      position = start
      return try scanString()
    }
    return StringPool.shared.string(UnsafeBufferPointer(rebasing: bytes[(start + 1)..<(position - 1)]))
  }

  /// A member's name: kept as a slice of the input unless it has escapes, so that comparing it allocates nothing.
  mutating func scanKey() throws(JSONError) -> JSONKey {
    let start = position
    let escaped = try findEnd().hasEscapes
    let body = UnsafeBufferPointer(rebasing: bytes[(start + 1)..<(position - 1)])
    if escaped { return JSONKey(text: try unescape(body, at: start)) }
    return JSONKey(raw: body)
  }

  /// Most of a document is skipped, and most of that is plain ASCII, which needs no second look.
  mutating func skipString() throws(JSONError) {
    let start = position
    let text = try findEnd()
    guard text.hasEscapes || !text.isASCII else { return }
    position = start
    _ = try scanString()
  }

  private struct ScannedText {
    var hasEscapes = false
    var isASCII = true
  }

  /// Moves the cursor behind the closing quote, eight bytes at a time where nothing stands out.
  private mutating func findEnd() throws(JSONError) -> ScannedText {
    position += 1
    var text = ScannedText()
    while position < bytes.count {
      passPlainWords()
      guard let byte = peek() else { break }
      switch byte {
      case 0x22:
        position += 1
        return text
      case 0x5C:
        text.hasEscapes = true
        position += 2
      case 0..<0x20: throw error(.controlCharacter)
      case 0x80...:
        text.isASCII = false
        position += 1
      default: position += 1
      }
    }
    position = bytes.count
    throw error(.unexpectedEnd)
  }

  /// Passes words of eight bytes none of which is a quote, a backslash, a control character or beyond ASCII.
  private mutating func passPlainWords() {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return }
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while position + 8 <= bytes.count {
      let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      // A byte that is zero after the exclusive or borrows into its high bit; so does one below 0x20 when that is subtracted.
      let (quote, slash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
      let found = ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- ones &* 0x20) & ~word) | word
      guard found & highs == 0 else { return }
      position += 8
    }
  }

  private func unescape(_ body: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONError) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(body.count)
    var index = 0
    while index < body.count {
      let byte = body[index]
      index += 1
      guard byte == 0x5C else {
        result.append(byte)
        continue
      }
      guard index < body.count else { throw JSONError(offset: offset, reason: .invalidEscape) }
      let code = body[index]
      index += 1
      switch code {
      case 0x22, 0x5C, 0x2F: result.append(code)
      case 0x62: result.append(0x08)
      case 0x66: result.append(0x0C)
      case 0x6E: result.append(0x0A)
      case 0x72: result.append(0x0D)
      case 0x74: result.append(0x09)
      case 0x75:
        let scalar = try scanUnicodeEscape(body, &index, at: offset)
        result.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
      default: throw JSONError(offset: offset, reason: .invalidEscape)
      }
    }
    guard let text = String(validating: result, as: UTF8.self) else { throw JSONError(offset: offset, reason: .invalidUTF8) }
    return text
  }

  /// `\uXXXX`, joined with its second half for characters beyond the basic plane; a lone half becomes U+FFFD, as Go reads it.
  private func scanUnicodeEscape(
    _ body: UnsafeBufferPointer<UInt8>, _ index: inout Int, at offset: Int
  ) throws(JSONError) -> Unicode.Scalar {
    guard let unit = Self.hexUnit(body, index) else { throw JSONError(offset: offset, reason: .invalidEscape) }
    index += 4
    if let scalar = Unicode.Scalar(UInt32(unit)) { return scalar }
    let isHigh = unit >= 0xD800 && unit < 0xDC00
    if isHigh, index + 6 <= body.count, body[index] == 0x5C, body[index + 1] == 0x75,
      let low = Self.hexUnit(body, index + 2), low >= 0xDC00, low <= 0xDFFF,
      let scalar = Unicode.Scalar(0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00))
    {
      index += 6
      return scalar
    }
    return "\u{FFFD}"
  }

  private static func hexUnit(_ body: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt16? {
    guard start + 4 <= body.count else { return nil }
    var unit: UInt16 = 0
    for byte in body[start..<(start + 4)] {
      switch byte {
      case 0x30...0x39: unit = unit << 4 | UInt16(byte - 0x30)
      case 0x41...0x46: unit = unit << 4 | UInt16(byte - 0x41 + 10)
      case 0x61...0x66: unit = unit << 4 | UInt16(byte - 0x61 + 10)
      default: return nil
      }
    }
    return unit
  }

  /// RFC 8259 §6: no leading zeros, no bare sign, no trailing point.
  mutating func scanNumber() throws(JSONError) {
    if peek() == 0x2D { position += 1 }
    if peek() == 0x30 {
      position += 1
    } else {
      try scanDigits()
    }
    if peek() == 0x2E {
      position += 1
      try scanDigits()
    }
    if peek() == 0x65 || peek() == 0x45 {
      position += 1
      if peek() == 0x2B || peek() == 0x2D { position += 1 }
      try scanDigits()
    }
  }

  private mutating func scanDigits() throws(JSONError) {
    let start = position
    while let byte = peek(), byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw unexpected() }
  }
}
