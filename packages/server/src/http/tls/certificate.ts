import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { KeyPair } from '../port.js'

/** A certificate or key that can not be used; the message says what would be. */
export class CertificateInvalid extends Error {
  override readonly name = 'CertificateInvalid'
  readonly code = 'certificate-invalid'
}

/**
 * Reads a certificate, with the chain behind it, and its key.
 *
 * Trusts nothing about the files but that their owner chose them: a pair is checked as a whole before it is used,
 * so that no client is the first to find out.
 *
 * @param files  paths of PEM files
 * @param onWarning  hears of a pair that can be used, but that clients will not take now
 * @throws CertificateInvalid
 */
export async function readKeyPair(
  files: { readonly cert: string; readonly key: string },
  { nowMs, onWarning }: { nowMs: number; onWarning: (sentence: string) => void },
): Promise<KeyPair> {
  const cert = await read(files.cert, 'certificate')
  const key = await read(files.key, 'key')
  const certificate = parseCertificate(cert, files.cert)
  if (!certificate.checkPrivateKey(parseKey(key, files.key))) {
    throw new CertificateInvalid(
      `The key ${files.key} does not belong to the certificate ${files.cert}. ` +
        "The server's own certificate stands first in its file, before those of its issuers.",
    )
  }
  try {
    // What OpenSSL demands beyond that: a key of enough bits, a chain that can be parsed.
    createSecureContext({ cert, key })
  } catch (cause) {
    throw new CertificateInvalid(`The certificate ${files.cert} can not be used: ${reasonOf(cause)}.`, {
      cause,
    })
  }
  warnOfTime(certificate, files.cert, nowMs, onWarning)
  return { cert, key }
}

async function read(file: string, what: 'certificate' | 'key'): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (cause) {
    throw new CertificateInvalid(`The ${what} ${file} can not be read (${reasonOf(cause)}).`, { cause })
  }
}

function parseCertificate(pem: string, file: string): X509Certificate {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new CertificateInvalid(
      `${file} holds no certificate in PEM${pem.includes('PRIVATE KEY-----') ? ', but a key' : ''}: ` +
        'it has a line "-----BEGIN CERTIFICATE-----".',
    )
  }
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new CertificateInvalid(`The certificate ${file} is damaged: ${reasonOf(cause)}.`, { cause })
  }
}

function parseKey(pem: string, file: string): KeyObject {
  if (!pem.includes('PRIVATE KEY-----')) {
    throw new CertificateInvalid(
      `${file} holds no private key in PEM: it has a line "-----BEGIN PRIVATE KEY-----".`,
    )
  }
  if (pem.includes('ENCRYPTED')) {
    throw new CertificateInvalid(
      `The key ${file} is encrypted, and nobody is there to give its passphrase. Give it unencrypted: ` +
        `openssl pkey -in ${file}.`,
    )
  }
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new CertificateInvalid(`The key ${file} is damaged: ${reasonOf(cause)}.`, { cause })
  }
}

function warnOfTime(
  { validFrom, validTo }: X509Certificate,
  file: string,
  nowMs: number,
  onWarning: (sentence: string) => void,
): void {
  if (Date.parse(validTo) < nowMs) {
    onWarning(
      `the certificate ${file} expired on ${dayOf(validTo)}: clients will refuse it. Renew it, then send SIGHUP`,
    )
  } else if (Date.parse(validFrom) > nowMs) {
    onWarning(
      `the certificate ${file} is not valid before ${dayOf(validFrom)}: until then clients will refuse it`,
    )
  }
}

function dayOf(time: string): string {
  return new Date(time).toISOString().slice(0, 10)
}

function reasonOf(cause: unknown): string {
  const { code, reason, message } = cause as { code?: string; reason?: string; message: string }
  return reason ?? code ?? message
}
