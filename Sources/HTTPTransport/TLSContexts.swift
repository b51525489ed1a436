import HTTPMessage
import NIOSSL

/// NIOSSL contexts from PEM texts.
enum TLSContexts {
  private static let protocols = ["http/1.1"]

  static func server(_ tls: HTTPServerTLS) throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMBytes(tls.certificateChain).map { NIOSSLCertificateSource.certificate($0) }
    let key = try NIOSSLPrivateKey(bytes: tls.privateKey, format: .pem)
    var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = protocols
    if let roots = tls.clientTrustRoots {
      configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(roots))
      configuration.certificateVerification = .noHostnameVerification
    }
    return try NIOSSLContext(configuration: configuration)
  }

  static func client(_ tls: HTTPClientTLS) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = protocols
    if let roots = tls.trustRoots { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(roots)) }
    if let chain = tls.certificateChain {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(chain).map { .certificate($0) }
    }
    if let key = tls.privateKey { configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem)) }
    if tls.isInsecure { configuration.certificateVerification = .none }
    return try NIOSSLContext(configuration: configuration)
  }
}
