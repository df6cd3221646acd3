// The reference server of the Durable Streams protocol: in memory, or with its file store in a folder.
import { DurableStreamTestServer } from '@durable-streams/server'

const [port, dataDir] = process.argv.slice(2)
await new DurableStreamTestServer({
  port: Number(port),
  host: '127.0.0.1',
  ...(dataDir ? { dataDir } : {}),
}).start()
