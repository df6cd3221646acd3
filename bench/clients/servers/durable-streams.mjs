// The reference server of the Durable Streams protocol with its file store.
import { DurableStreamTestServer } from '@durable-streams/server'

const [port, dataDir] = process.argv.slice(2)
const server = new DurableStreamTestServer({ port: Number(port), host: '127.0.0.1', dataDir })
await server.start()
process.on('SIGTERM', async () => {
  await server.stop().catch(console.error)
  process.exit()
})
