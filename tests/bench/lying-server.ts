import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a server makes of the messages so far when the newest has come: what it sends to one of its subscribers. */
export type Lie = (messages: readonly string[], subscriber: number) => readonly string[]

/**
 * An SSE server that tells what `lie` says.
 *
 * @param write  how an event's bytes are put on the wire; in one piece unless it says otherwise
 */
export async function startLyingServer(
  lie: Lie,
  write = (sink: ServerResponse, event: string) => sink.write(event),
) {
  const sinks: ServerResponse[] = []
  const messages: string[] = []
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      sinks.push(response)
      return
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    messages.push(body)
    for (const [index, sink] of sinks.entries())
      for (const message of lie(messages, index)) write(sink, `data:${message}\n\n`)
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
