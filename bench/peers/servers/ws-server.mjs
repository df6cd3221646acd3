// Plain `ws`: each message is sent to each socket of its path.
import { WebSocketServer } from 'ws'
import { readBody } from './body.mjs'
import { createServer } from './create-server.mjs'

const sockets = new Map()
const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })

const server = createServer((request, response) =>
  readBody(request, (body) => {
    for (const socket of sockets.get(request.url) ?? []) socket.send(body)
    response.writeHead(204).end()
  }),
)
server.on('upgrade', (request, socket, head) =>
  webSockets.handleUpgrade(request, socket, head, (opened) => {
    const heard = sockets.get(request.url) ?? new Set()
    sockets.set(request.url, heard.add(opened))
    opened.on('message', (data, isBinary) => {
      for (const each of heard) each.send(data, { binary: isBinary })
    })
    opened.on('close', () => heard.delete(opened))
    opened.on('error', () => {})
  }),
)
server.listen(Number(process.argv[2]), '127.0.0.1')
