import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { path } from '@tidings/protocol'

export interface PlainRequest {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Told when the request leaves, and over which connection. */
  readonly onSent: (connection: Connection) => void
}

export interface PlainAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A TCP connection, by the client's own port. */
export interface Connection {
  readonly port: number | undefined
  /** An earlier request had used it. */
  readonly isReused: boolean
}

/** `on :40312` for a new connection, `on :40312 again` for one that was used before. */
export function named({ port, isReused }: Connection): string {
  return isReused ? `on :${port} again` : `on :${port}, a new connection`
}

/** A request whose answer is read to its end. */
export async function ask(agent: Agent, url: string, plain: PlainRequest): Promise<PlainAnswer> {
  const response = await begin(agent, url, plain)
  let body = ''
  for await (const text of response.setEncoding('utf8')) body += text
  return { status: response.statusCode ?? 0, headers: response.headers, body }
}

/** A request whose answer may stay open: resolves when its head has come. */
export function begin(agent: Agent, url: string, plain: PlainRequest): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, onSent } = plain
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent, method, headers })
    asking.once('error', reject)
    asking.once('response', resolve)
    asking.once('socket', (socket: Socket) => {
      const tell = () => onSent({ port: socket.localPort, isReused: asking.reusedSocket })
      if (socket.connecting) socket.once('connect', tell)
      else tell()
    })
    asking.end(body)
  })
}

export function urlOf(server: string, channel: string): string {
  return server + path.stream + channel
}
