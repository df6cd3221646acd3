// Bun's native publish: uWebSockets underneath, a topic for each path.
const tls = process.argv[3] ? { cert: Bun.file(process.argv[3]), key: Bun.file(process.argv[4]) } : undefined

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  tls,
  async fetch(request, server) {
    const topic = new URL(request.url).pathname
    if (request.method === 'POST') {
      server.publish(topic, await request.text())
      return new Response(null, { status: 204 })
    }
    if (server.upgrade(request, { data: { topic } })) return undefined
    return new Response('[]', { headers: { 'content-type': 'application/json' } })
  },
  websocket: {
    perMessageDeflate: false,
    publishToSelf: true,
    open(socket) {
      socket.subscribe(socket.data.topic)
    },
    message(socket, message) {
      socket.publish(socket.data.topic, message)
    },
  },
})
