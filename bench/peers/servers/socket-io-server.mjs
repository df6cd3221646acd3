// Socket.IO over WebSocket alone, as its documentation advises for speed; everyone in one namespace.
import { Server } from 'socket.io'
import { readBody } from './body.mjs'
import { createServer } from './create-server.mjs'

const server = createServer((request, response) =>
  readBody(request, (body) => {
    io.emit('m', JSON.parse(body))
    response.writeHead(204).end()
  }),
)
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false })
io.on('connection', (socket) => socket.on('m', (message) => io.emit('m', message)))
// Without this it keeps each socket's request: https://socket.io/docs/v4/memory-usage/
io.engine.on('connection', (socket) => {
  socket.request = null
})
server.listen(Number(process.argv[2]), '127.0.0.1')
