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
const io = new Server(server, {
  ...(storePort && { adapter: await redisAdapter(`redis://127.0.0.1:${storePort}`) }),
  cors: { origin: '*' },
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
})
io.on('connection', (socket) => {
  if (waiting && !socket.recovered) socket.emit('m', waiting)
})
server.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => {
  io.close().then(() => process.exit(), console.error)
})

async function redisAdapter(url) {
  const { createClient } = await import('redis')
  const { createAdapter } = await import('@socket.io/redis-streams-adapter')
  return createAdapter(await createClient({ url }).connect())
}
