import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { places } from './places.mjs'

/** @returns a process that hears with a peer's client; `on` gets what it says: { channel, n | way | told, atMs, afterMs } */
export async function startHearer(peer) {
  const child = fork(join(places.installed, 'hear/run.mjs'), [peer.hears ?? peer.name], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  await once(child, 'message')
  let listener = () => {}
  child.on('message', (said) => listener(said))
  return {
    hear(asked, on) {
      listener = (said) => {
        if (said.channel === undefined || said.channel === asked.channel) on(said)
      }
      child.send(asked)
    },
    rest() {
      listener = () => {}
      child.send('stop')
    },
    async stop() {
      process.off('exit', endWithUs)
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
