// The built server in a process of its own, run with --expose-gc, that tells its parent how much memory it holds.
import { startServer } from 'tidings'

const server = await startServer(JSON.parse(process.argv[2]))

process.on('message', () => {
  // Twice: what a finalizer frees shows with the second.
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ heldBytes: heapUsed + external })
})
process.once('disconnect', () => process.exit())
process.send({ url: server.url })
