import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { pin, serverCore } from './machine.mjs'
import { readCosts } from './process-costs.mjs'
import { end, start } from './processes.mjs'
import { makeFolder, removeFolder } from './temporary-folder.mjs'

const readyMs = 20_000
const quietMs = 200
const shell = '/bin/sh'

/**
 * Starts a peer's server on a fresh folder, lets `use` measure it, and ends it.
 *
 * @param peer     one of `bench/peers`
 * @param options  what its `serve` takes: `isTls`, `durability`, …
 * @param use      gets `{ port, pid, costs(), ask(), folder }`
 */
export async function withServer(peer, options, use) {
  const folder = makeFolder()
  const port = await freePort()
  const { command, environment, hasMonitor } = await peer.serve({ ...options, folder, port })
  // A server of many connections needs as many files; a shell raises the limit as far as it may.
  const raised = [
    shell,
    '-c',
    'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"',
    shell,
    ...pin(serverCore),
    ...command,
  ]
  const stdio = ['ignore', 'ignore', 'pipe', ...(hasMonitor ? ['ipc'] : [])]
  const child = start(raised, { stdio, cwd: folder, env: { ...process.env, ...environment } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  try {
    await listening(child, port, () => said)
    await peer.prepare?.({ ...options, port })
    return await use({
      port,
      pid: child.pid,
      folder,
      costs: () => readCosts(child.pid),
      ask: () => ask(child),
    })
  } finally {
    await end(child)
    removeFolder(folder)
  }
}

async function listening(child, port, said) {
  const untilMs = Date.now() + readyMs
  while (!(await accepts(port))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > untilMs)
      throw new Error(`The server did not listen on port ${port}. It said: ${said()}`)
    await sleep(50)
  }
}

/** Waits until a server has done what it was asked: until it takes less than a twentieth of a core. */
export async function whenQuiet(server) {
  for (let looks = 0; looks < 50; looks++) {
    const before = server.costs().cpuSeconds
    await sleep(quietMs)
    if (server.costs().cpuSeconds - before < quietMs / 1000 / 20 + 1e-9) return
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** What the monitor in the server's process (`loop-monitor.mjs`) has seen since it was asked last. */
function ask(child) {
  return new Promise((resolve) => {
    child.once('message', resolve)
    child.send('tell')
  })
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
