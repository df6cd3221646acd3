// better-sse: a channel that broadcasts.
import { createChannel, createSession } from 'better-sse'
import { readBody } from './body.mjs'
import { createServer } from './create-server.mjs'

const channel = createChannel()
createServer(async (request, response) => {
  if (request.method !== 'POST') {
    channel.register(await createSession(request, response))
    return
  }
  readBody(request, (body) => {
    channel.broadcast(JSON.parse(body), 'message')
    response.writeHead(204).end()
  })
}).listen(Number(process.argv[2]), '127.0.0.1')
