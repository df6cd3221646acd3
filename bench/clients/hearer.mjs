import { once } from 'node:events'
import { join } from 'node:path'
import { end, start } from '../harness/processes.mjs'
import { places } from './places.mjs'

/** @returns a process that hears with a peer's client; `on` gets what it says: { channel, n | way | told, atMs, afterMs } */
export async function startHearer(peer) {
  const program = join(places.installed, 'hear/run.mjs')
  const stdio = ['ignore', 'ignore', 'inherit', 'ipc']
  const child = start([process.execPath, program, peer.hears ?? peer.name], { stdio })
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
    stop: () => end(child),
  }
}
