// Socket.IO with connection state recovery, as its documentation shows it; everyone hears everything. A POST is a
// message for all. There is no history: what is posted to /waiting is sent to whoever joins.
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
const io = new Server(server, {
  cors: { origin: '*' },
  connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true },
})
io.on('connection', (socket) => {
  if (waiting && !socket.recovered) socket.emit('m', waiting)
})
server.listen(Number(process.argv[2]), '127.0.0.1')
process.on('SIGTERM', () => {
  io.close().finally(() => process.exit())
})
