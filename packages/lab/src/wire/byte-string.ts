import type { ByteString } from '@tidings/protocol'

const utf8 = new TextDecoder()

export function bytesOf(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** What the bytes say as UTF-8; what is none becomes U+FFFD. */
export function textOf(bytes: ByteString): string {
  return utf8.decode(bytesOf(bytes))
}

/** The bytes of a string as UTF-8, as they go over the wire. */
export function byteStringOf(text: string): ByteString {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')
}
