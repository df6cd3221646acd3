// Stands in for the command line's `serve` as long as it is not there.
import { parseArgs } from 'node:util'
import { startServer } from 'tidings'

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    port: { type: 'string' },
    engine: { type: 'string' },
    durability: { type: 'string' },
  },
})
const server = await startServer({ ...values, port: Number(values.port) })
console.log(`tidings listening on ${server.url}`)
process.on('SIGTERM', () => void server.close())
