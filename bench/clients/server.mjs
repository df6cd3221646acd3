import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, start } from '../harness/processes.mjs'
import { makeFolder, removeFolder } from '../harness/temporary-folder.mjs'

const readyMs = 20_000

/**
 * @returns a peer's server on a folder of its own, which can be started anew on the same port and folder; the store that
 *   some keep their messages in goes on meanwhile
 */
export async function startServer(peer) {
  const folder = makeFolder()
  const [port, storePort] = [await freePort(), await freePort()]
  const store = peer.store && (await listening(peer.store({ port: storePort, folder }), storePort, folder))
  const run = async () => listening(await peer.serve({ port, folder, storePort }), port, folder)
  let child = await run()
  return {
    port,
    /** SIGTERM, and anew once it has ended. @returns milliseconds until it listened again */
    async restart() {
      const beginMs = performance.now()
      await end(child)
      child = await run()
      return performance.now() - beginMs
    },
    async stop() {
      await end(child)
      if (store) await end(store)
      removeFolder(folder)
    },
  }
}

/** @returns the process of a program that listens on a port now */
async function listening(command, port, folder) {
  const child = start(command, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  const untilMs = performance.now() + readyMs
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > untilMs)
      throw new Error(`${command[0]} does not listen. It said: ${said}`)
    await sleep(10)
  }
  return child
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
