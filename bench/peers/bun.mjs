import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Absent } from '../harness/absent.mjs'
import { npmServer } from '../harness/npm-peers.mjs'
import { places } from '../harness/places.mjs'
import { selfSigned } from '../harness/self-signed.mjs'

/** npm's `bun` has a binary for processors with AVX2 and one for those without. */
const binaries = ['bun-linux-x64', 'bun-linux-x64-baseline', 'bun-linux-aarch64'].map((name) =>
  join(places.npm, 'node_modules/@oven', name, 'bin/bun'),
)

/** Native code (uWebSockets), no log: the fastest that a JavaScript program can pick. */
export const peer = {
  name: 'bun',
  title: 'Bun, native publish',
  hasTls: true,

  async install() {
    await npmServer('bun-server.mjs')
    if (!findBun()) throw new Absent('npm has no Bun that runs on this machine')
  },

  async serve({ port, folder, isTls = false }) {
    const { certificate, key } = isTls ? selfSigned(folder) : {}
    const files = isTls ? [certificate, key] : []
    return { command: [findBun(), await npmServer('bun-server.mjs'), String(port), ...files] }
  },

  publish: {
    http: { publishPath: '/{c}' },
    websocket: { publishVia: 'websocket', publishPath: '/{c}', publishHeaders: '', acknowledgement: '@' },
  },

  endpoints: [{ way: 'websocket', load: { path: '/{c}', bareFrames: 1 } }],
}

function findBun() {
  return binaries.find((path) => existsSync(path) && runs(path))
}

function runs(path) {
  try {
    execFileSync(path, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
