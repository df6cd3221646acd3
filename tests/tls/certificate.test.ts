import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { SettingInvalid, startServer } from 'tidings'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type KeyPair, selfSignedKeyPair } from '../../packages/server/src/http/index.js'
import { CommandRun, tidings } from '../cli/command-run.js'
import { Http2Client } from '../support/http2-client.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'
import { httpsFetch, startTlsServer } from '../support/tls-server.js'

const dayMs = 24 * 60 * 60 * 1000

function makeKeyPair(nowMs = Date.now()): KeyPair {
  return selfSignedKeyPair(['localhost', '127.0.0.1'], nowMs)
}

/** The settings that name these files, which hold what is given. */
async function filesOf({ cert, key }: KeyPair): Promise<{ tlsCert: string; tlsKey: string }> {
  const folder = await temporaryFolder()
  const files = { tlsCert: join(folder, 'chain.pem'), tlsKey: join(folder, 'key.pem') }
  await writeFile(files.tlsCert, cert)
  await writeFile(files.tlsKey, key)
  return files
}

/** What a client is shown now. */
async function certificateAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

function fingerprint({ cert }: KeyPair): string {
  return new X509Certificate(cert).fingerprint256
}

describe('a pair that can not be used ends the start with a sentence that says why', () => {
  const pair = makeKeyPair()
  const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  })
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  const cut = (text: string) => text.replace(/\n[^\n]{10}/, '\n')
  test.each<[string, KeyPair, RegExp]>([
    [
      'a certificate that is none',
      { ...pair, cert: 'hello' },
      /chain\.pem holds no certificate in PEM: it has/,
    ],
    ['the two files exchanged', { cert: pair.key, key: pair.cert }, /no certificate in PEM, but a key/],
    ['a damaged certificate', { ...pair, cert: cut(pair.cert) }, /The certificate .*chain\.pem is damaged/],
    ['a key that is none', { ...pair, key: 'hello' }, /key\.pem holds no private key in PEM/],
    ['a damaged key', { ...pair, key: cut(pair.key) }, /The key .*key\.pem is damaged/],
    ['an encrypted key', { ...pair, key: String(encrypted) }, /is encrypted.*openssl pkey -in .*key\.pem/],
    [
      "another certificate's key",
      { ...pair, key: makeKeyPair().key },
      /key\.pem does not belong to .*chain\.pem/,
    ],
    ['a key of another kind', { ...pair, key: String(ed25519) }, /does not belong to/],
  ])('%s', async (_, given, sentence) => {
    const starting = startServer({ engine: 'memory', port: 0, ...(await filesOf(given)) })
    const error = await starting.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SettingInvalid)
    expect((error as Error).message).toMatch(sentence)
    expect((error as Error).message).toMatch(/\(--tls-cert, --tls-key\)$/)
  })

  test('a file that is not there, at the command line: 2, and no folder is made', async () => {
    const folder = await temporaryFolder()
    const data = join(folder, 'data')
    const missing = join(folder, 'missing.pem')
    const { code, stdout, stderr } = await tidings([
      'serve',
      '--port',
      '0',
      '--data',
      data,
      '--tls-cert',
      missing,
      '--tls-key',
      missing,
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      `tidings: The certificate ${missing} can not be read (ENOENT). (--tls-cert, --tls-key)\n`,
    )
    expect(existsSync(data)).toBe(false)
  })
})

test.each([
  ['expired', Date.now() - 40 * dayMs, /chain\.pem expired on \d{4}-\d\d-\d\d: clients will refuse it/],
  ['is not valid yet', Date.now() + 40 * dayMs, /chain\.pem is not valid before \d{4}-\d\d-\d\d/],
])('a certificate that %s is used, and warned of', async (_, nowMs, sentence) => {
  const pair = makeKeyPair(nowMs)
  const warnings: string[] = []
  const server = await startTestServer({
    ...(await filesOf(pair)),
    onWarning: (warning) => warnings.push(warning),
  })
  expect(warnings).toEqual([expect.stringMatching(sentence)])
  expect(await certificateAt(server.url)).toBe(fingerprint(pair))
})

test('SIGHUP brings the renewed pair to new connections; a bad one is refused, and the old one stays', async () => {
  const [first, second] = [makeKeyPair(), makeKeyPair()]
  const files = await filesOf(first)
  const { tlsCert, tlsKey } = files
  const run = new CommandRun([
    'serve',
    '--port',
    '0',
    '--engine',
    'memory',
    '--tls-cert',
    tlsCert,
    '--tls-key',
    tlsKey,
  ])
  await run.until(({ stdout }) => stdout.endsWith('\n'))
  const url = run.stdout.trim().replace('tidings listening on ', '')
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  expect(await certificateAt(url)).toBe(fingerprint(first))
  const kept = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false })
  onTestFinished(() => void kept.destroy())
  await once(kept, 'secureConnect')

  await writeFile(tlsCert, second.cert)
  run.child.kill('SIGHUP')
  await run.until(({ stderr }) => stderr.includes('stays in use'))
  expect(run.stderr).toMatch(/does not belong to .*The certificate from before stays in use\.\n$/)
  expect(await certificateAt(url)).toBe(fingerprint(first))

  await writeFile(tlsKey, second.key)
  run.child.kill('SIGHUP')
  await run.until(({ stderr }) => stderr.includes('was read again'))
  expect(await certificateAt(url)).toBe(fingerprint(second))
  // Who is connected already goes on.
  kept.write('GET /v1/channels HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  expect(String((await once(kept, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  expect(await run.interrupt()).toMatchObject({ code: 0 })
})

describe('a self-signed certificate', () => {
  test('is announced with its fingerprint, and is another one at each start', async () => {
    const run = new CommandRun(['serve', '--port', '0', '--engine', 'memory', '--tls-self-signed'])
    await run.until(({ stdout }) => stdout.endsWith('\n'))
    const said = /self-signed, .* its SHA-256 is ([0-9A-F:]{95})\n/.exec(run.stderr)?.[1]
    expect(said).toBe(await certificateAt(run.stdout.trim().replace('tidings listening on ', '')))
    expect(fingerprint(makeKeyPair())).not.toBe(fingerprint(makeKeyPair()))
  })

  test('is valid for the names and addresses of this machine, and for the host that it listens on', async () => {
    const server = await startTlsServer({ host: '127.0.0.1' })
    const { port } = new URL(server.url)
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `https://${host}:${port}/v1/channels`
      expect((await httpsFetch(url, server.certificate)).status).toBe(200)
    }
    const certificate = new X509Certificate(String(server.certificate))
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.ca).toBe(false)
    const other = new X509Certificate(selfSignedKeyPair(['app.example', 'fe80::1:2'], Date.now()).cert)
    expect(other.subjectAltName).toBe('DNS:app.example, IP Address:FE80:0:0:0:0:0:1:2')
  })
})

test('what is no TLS is cut, and those who speak it go on', async () => {
  const server = await startTlsServer()
  const client = await Http2Client.open(server)
  await expect(fetch(server.url.replace('https:', 'http:'))).rejects.toThrow()
  expect((await client.fetch('/v1/channels')).status).toBe(200)
})
