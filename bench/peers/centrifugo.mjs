import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Absent } from '../harness/absent.mjs'
import { places } from '../harness/places.mjs'
import { findProgram } from '../harness/programs.mjs'
import { selfSigned } from '../harness/self-signed.mjs'

const version = 'v6.9.1'
const folder = join(places.cache, `centrifugo-${version}`)
const program = join(folder, 'centrifugo')
const buildMs = 15 * 60_000

/** History on, and several messages joined in one frame: what its documentation advises for throughput. */
const settings = (port, tls) => ({
  http_server: {
    address: '127.0.0.1',
    port,
    ...(tls && { tls: { enabled: true, cert_pem: tls.certificate, key_pem: tls.key } }),
  },
  log: { level: 'error' },
  client: { allowed_origins: ['*'], allow_anonymous_connect_without_token: true },
  channel: {
    without_namespace: {
      allow_subscribe_for_client: true,
      allow_subscribe_for_anonymous: true,
      history_size: 1000,
      history_ttl: '60s',
      force_recovery: true,
    },
  },
  uni_websocket: { enabled: true, join_push_messages: true },
  uni_sse: { enabled: true },
  http_api: { key: 'key' },
  usage_stats: { disabled: true },
})

// The subscription stands in the query, as JSON, percent-encoded: {"subs":{"<channel>":{}}}.
const subscription = 'cf_connect=%7B%22subs%22%3A%7B%22{c}%22%3A%7B%7D%7D%7D'

export const peer = {
  name: 'centrifugo',
  title: 'Centrifugo 6, history on',
  hasTls: true,

  async install() {
    if (existsSync(program)) return
    const go = findProgram('go')
    if (!go) throw new Absent('it is built with Go, which is not here')
    const env = { ...process.env, GOBIN: folder }
    const args = ['install', `github.com/centrifugal/centrifugo/v6@${version}`]
    await promisify(execFile)(go, args, { env, timeout: buildMs }).catch((error) => {
      throw new Absent(
        `Go could not build it: ${String(error.stderr ?? error.message)
          .trim()
          .split('\n')
          .at(-1)}`,
      )
    })
  },

  async serve({ port, folder: data, isTls = false }) {
    const file = join(data, 'centrifugo.json')
    await writeFile(file, JSON.stringify(settings(port, isTls ? selfSigned(data) : undefined)))
    // One processor for one core, or its garbage collector's threads wait for each other.
    return { command: [program, '-c', file], environment: { GOMAXPROCS: '1' } }
  },

  publish: {
    http: {
      publishPath: '/api/publish',
      publishHeaders: 'content-type: application/json\r\nx-api-key: key\r\n',
      publishPrefix: '{"channel":"{c}","data":',
      publishSuffix: '}',
      refusal: '"error"',
    },
  },

  endpoints: [
    { way: 'websocket', load: { path: `/connection/uni_websocket?${subscription}` } },
    { way: 'sse', load: { way: 'sse', path: `/connection/uni_sse?${subscription}` } },
  ],
}
