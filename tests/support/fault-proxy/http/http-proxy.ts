import {
  createServer,
  type IncomingMessage,
  request as requestBehind,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Weather } from '../faults.js'
import type { Visit } from './http-fault.js'
import { httpFaults } from './index.js'
import { say } from './own-answer.js'

/** Names of one connection's own headers, which are not handed on. @see RFC 9110 §7.6.1 */
const hopByHop = /^(?:connection|keep-alive|proxy-connection)$/i

/** A proxy that understands HTTP/1.1: one connection to the server for each request, and a pipe for an upgrade. */
export function httpProxy(
  server: { readonly host: string; readonly port: number },
  weather: Weather,
  onVisit: (visit: Visit) => void,
): Server {
  const meet = (visit: Visit, passOn: () => void) => {
    onVisit(visit)
    if (!httpFaults.some(({ takes }) => takes?.(visit, weather.faults))) passOn()
  }
  const proxy = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    const visit = { request, response, socket: request.socket, isUpgrade: false }
    meet(visit, () => forward(request, response, server, weather, visit))
  })
  proxy.on('connection', (socket) => socket.on('error', () => socket.destroy()))
  proxy.on('upgrade', (request, socket, head) => {
    meet({ request, response: undefined, socket, isUpgrade: true }, () =>
      joinUpgrade(request, socket, head, server, weather),
    )
  })
  return proxy
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { host, port }: { readonly host: string; readonly port: number },
  weather: Weather,
  visit: Visit,
): void {
  const { method, url: path } = request
  const headers = handedOn(request.rawHeaders)
  const asking = requestBehind({ host, port, method, path, headers, agent: false })
  asking.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, handedOn(answer.rawHeaders))
    const between = httpFaults.map((fault) => fault.between?.(weather)).find((stream) => stream)
    // The head of what is held is held with it.
    if (!between) response.flushHeaders()
    answer.pipe((between ?? response) as NodeJS.WritableStream)
    between?.pipe(response)
    answer.once('close', () => {
      if (!answer.complete) response.destroy()
    })
  })
  asking.on('error', () => {
    if (response.headersSent) response.destroy()
    else if (!response.destroyed) say(visit, 502, {})
  })
  response.once('close', () => asking.destroy())
  request.pipe(asking)
}

function joinUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { host, port }: { readonly host: string; readonly port: number },
  weather: Weather,
): void {
  const isStripped = httpFaults.some((fault) => fault.isStripped?.(weather.faults))
  const behind = connect({ host, port, noDelay: true })
  for (const [one, other] of [
    [socket, behind],
    [behind, socket],
  ] as const) {
    one.once('error', () => other.destroy())
    one.once('close', () => other.destroy())
  }
  const lines = [`${request.method} ${request.url} HTTP/1.1`]
  const headers = isStripped ? handedOn(request.rawHeaders, /^upgrade$/i) : request.rawHeaders
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  if (isStripped) lines.push('Connection: close')
  behind.write(`${lines.join('\r\n')}\r\n\r\n`)
  behind.write(head)
  socket.pipe(behind).pipe(socket)
}

/** Headers that go on as they came, in their order. */
function handedOn(raw: readonly string[], alsoNot?: RegExp): string[] {
  const kept: string[] = []
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string
    if (!hopByHop.test(name) && !alsoNot?.test(name)) kept.push(name, raw[index + 1] as string)
  }
  return kept
}
