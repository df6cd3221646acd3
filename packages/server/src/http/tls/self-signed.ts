import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import type { KeyPair } from '../port.js'

/** For trying things: short, so that nobody comes to lean on it. */
const lifetimeDays = 30
const dayMs = 24 * 60 * 60 * 1000

/**
 * A certificate that nobody vouches for, for trying TLS: made anew at each start, its key never on a disk.
 *
 * Node can sign, but does not put certificates together. This one has a single shape, which takes the six forms
 * of DER below; the libraries that know all shapes bring twenty packages (docs/dependencies.md).
 *
 * @param names  host names and addresses that it is for
 * @see RFC 5280 §4.1; X.690 (DER)
 */
export function selfSignedKeyPair(names: readonly string[], nowMs: number): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signatureAlgorithm = sequence(objectId(oid.ecdsaWithSha256))
  const name = sequence(set(sequence(objectId(oid.commonName), utf8('Tidings, self-signed'))))
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    signatureAlgorithm,
    name,
    // Clocks differ: it is valid from yesterday on.
    sequence(time(nowMs - dayMs), time(nowMs + lifetimeDays * dayMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(names, publicKey))),
  )
  const signature = sign('sha256', body, privateKey)
  return {
    cert: pem('CERTIFICATE', sequence(body, signatureAlgorithm, bitString(signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** @see RFC 5280 §4.2.1 */
function extensions(names: readonly string[], publicKey: KeyObject): Buffer[] {
  const keyId = createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
  return [
    extension(oid.subjectAltName, sequence(...names.map(generalName))),
    extension(oid.subjectKeyIdentifier, der(tag.octetString, keyId)),
    extension(oid.extendedKeyUsage, sequence(objectId(oid.serverAuth))),
    // It may vouch for nobody else: an empty sequence is "not an authority".
    extension(oid.basicConstraints, sequence()),
  ]
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(objectId(id), der(tag.octetString, value))
}

function generalName(name: string): Buffer {
  if (isIP(name) === 0) return der(contextual | 2, Buffer.from(name, 'latin1'))
  return der(contextual | 7, addressBytes(name))
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  // A URL parser writes an IPv6 address in one way, with at most one `::`.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [left = [], right] = text.split('::').map((half) => half.split(':').filter(Boolean))
  const groups = right ? [...left, ...Array(8 - left.length - right.length).fill('0'), ...right] : left
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

const oid = {
  ecdsaWithSha256: [1, 2, 840, 10045, 4, 3, 2],
  commonName: [2, 5, 4, 3],
  subjectAltName: [2, 5, 29, 17],
  subjectKeyIdentifier: [2, 5, 29, 14],
  extendedKeyUsage: [2, 5, 29, 37],
  serverAuth: [1, 3, 6, 1, 5, 5, 7, 3, 1],
  basicConstraints: [2, 5, 29, 19],
} as const

const tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const

const contextual = 0x80
const constructed = 0x20

/** Tag, length, content: all that DER is made of. */
function der(tagByte: number, content: Uint8Array): Buffer {
  const { byteLength } = content
  const length = byteLength < 0x80 ? [byteLength] : [0x82, byteLength >> 8, byteLength & 0xff]
  // DER wants the shortest length there is.
  if (byteLength >= 0x80 && byteLength < 0x100) length.splice(0, 3, 0x81, byteLength)
  return Buffer.concat([Buffer.from([tagByte, ...length]), content])
}

function sequence(...parts: Uint8Array[]): Buffer {
  return der(tag.sequence, Buffer.concat(parts))
}

function set(...parts: Uint8Array[]): Buffer {
  return der(tag.set, Buffer.concat(parts))
}

function tagged(number: number, content: Uint8Array): Buffer {
  return der(contextual | constructed | number, content)
}

/** A positive number, big-endian: its first bit would make it negative. */
function integer(bytes: Uint8Array): Buffer {
  const positive = Buffer.from(bytes)
  if (positive.byteLength > 1) positive[0] = ((positive[0] as number) & 0x7f) | 0x40
  return der(tag.integer, positive)
}

function bitString(bytes: Uint8Array): Buffer {
  return der(tag.bitString, Buffer.concat([Buffer.from([0]), bytes]))
}

function utf8(text: string): Buffer {
  return der(tag.utf8String, Buffer.from(text))
}

/** As in `300131120000Z`: two digits are the form for years up to 2049. @see RFC 5280 §4.1.2.5.1 */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  return der(tag.utcTime, Buffer.from(text.slice(2)))
}

/** Seven bits to a byte, the first two numbers in one. */
function objectId([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = rest.flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f))
    return groups
  })
  return der(tag.objectId, Buffer.from([first * 40 + second, ...bytes]))
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
