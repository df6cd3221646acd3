import { postPublisher } from '@tidings/client/ways'
import { makeChannel } from '../shared/make-channel.mjs'
import { startServers } from '../shared/start-servers.mjs'
import { MachineReader } from './machine.mjs'

const readEveryMs = 1_000

/** An hour of readings stays; what is older goes. */
const keeping = { 'stream-retention-age': '3600' }

/** @param {number} port */
export function start(port) {
  return startServers({
    port,
    folder: new URL('./page/', import.meta.url),
    begin: async (server) => {
      await makeChannel(server, 'machine', keeping)
      return publishReadings(server)
    },
  })
}

async function publishReadings(server) {
  const machine = new MachineReader()
  // Rates are differences: the first look only says where counting begins.
  await machine.read()
  const publisher = postPublisher({ server, channel: 'machine' })
  let publishing = Promise.resolve()
  const timer = setInterval(() => {
    publishing = machine.read().then(
      (reading) => void publisher.publish([reading]),
      (error) => console.error('the machine could not be read:', error.message),
    )
  }, readEveryMs)
  return {
    close: async () => {
      clearInterval(timer)
      await publishing
      await publisher.stop()
    },
  }
}
