export { HttpServer } from './http-server.js'
export type { KeyPair } from './port.js'
export { CertificateInvalid, readKeyPair } from './tls/certificate.js'
export { selfSignedKeyPair } from './tls/self-signed.js'
