// Socket.IO with connection state recovery, as its documentation shows it; everyone hears everything. A POST is a
// message for all, kept in a Redis if there is one. There is no history: what is posted to /waiting is sent to whoever joins.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

let waiting
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8').on('data', (text) => {
    body += text
  })
  request.on('end', () => {
    const message = JSON.parse(body)
    if (request.url === '/waiting') waiting = message
    else io.emit('m', message)
    response.writeHead(204).end()
  })
})
const [port, storePort] = process.argv.slice(2)
const redis = storePort && (await connectRedis(`redis://127.0.0.1:${storePort}`))
const io = new Server(server, {
  ...(redis && { adapter: await redisAdapter(redis) }),
  cors: { origin: '*' },
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
})
io.on('connection', (socket) => {
  if (waiting && !socket.recovered) socket.emit('m', waiting)
})
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', async () => {
  await io.close()
  // What was emitted last is on its way to it.
  await redis?.close()
  process.exit()
})

async function connectRedis(url) {
  const { createClient } = await import('redis')
  return createClient({ url }).connect()
}

async function redisAdapter(redis) {
  const { createAdapter } = await import('@socket.io/redis-streams-adapter')
  return createAdapter(redis)
}
