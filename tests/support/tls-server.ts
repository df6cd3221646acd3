import { once } from 'node:events'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { RunningServer, ServerOptions } from 'tidings'
import { startTestServer } from './test-server.js'

/** A server with a certificate of its own, stopped when the test is over. */
export function startTlsServer(options: ServerOptions = {}): Promise<RunningServer> {
  return startTestServer({ tlsSelfSigned: true, ...options })
}

/** One exchange over HTTPS/1.1, on a connection of its own, which trusts this certificate alone. */
export async function httpsFetch(
  url: string,
  certificate: string | undefined,
  options: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
) {
  const { method = 'GET', headers = {}, body } = options
  const asking = request(url, { method, headers, agent: false, ...(certificate && { ca: certificate }) })
  asking.end(body)
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}
