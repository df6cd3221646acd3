import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, start } from '../harness/processes.mjs'
import { makeFolder, removeFolder } from '../harness/temporary-folder.mjs'

const readyMs = 20_000

/** @returns a peer's server on a folder of its own, which can be started anew on the same port and folder */
export async function startServer(peer) {
  const folder = makeFolder()
  const port = await freePort()
  let child
  const run = async () => {
    const [program, ...args] = await peer.serve({ port, folder })
    child = start([program, ...args], { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-2_000)
    })
    const untilMs = performance.now() + readyMs
    while (!(await accepts(port))) {
      if (child.exitCode !== null || performance.now() > untilMs)
        throw new Error(`The server of ${peer.title} did not listen. It said: ${said}`)
      await sleep(10)
    }
  }
  await run()
  return {
    port,
    /** SIGTERM, and anew once it has ended. @returns milliseconds until it listened again */
    async restart() {
      const beginMs = performance.now()
      await end(child)
      await run()
      return performance.now() - beginMs
    },
    async stop() {
      await end(child)
      removeFolder(folder)
    },
  }
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
