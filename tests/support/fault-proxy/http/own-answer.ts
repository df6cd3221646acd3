import type { HttpFault, Visit } from './http-fault.js'

const reasons: Readonly<Record<number, string>> = {
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

export const ownAnswer: HttpFault = {
  takes(visit, { answer }) {
    if (!answer) return false
    const { status, retryAfterSeconds } = answer
    say(visit, status, retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) })
    return true
  },
}

/** As a proxy that knows nothing of who is asking: a page of its own, and no permission for pages of other origins. */
export function say({ request, response, socket }: Visit, status: number, headers: Record<string, string>) {
  const page = `<html><h1>${status} ${reasons[status]}</h1></html>\n`
  const all = { 'Content-Type': 'text/html', 'Content-Length': String(Buffer.byteLength(page)), ...headers }
  if (response) {
    // What is not read would be taken for the next request.
    request.resume()
    response.writeHead(status, all).end(page)
    return
  }
  const lines = Object.entries({ ...all, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.end(`HTTP/1.1 ${status} ${reasons[status]}\r\n${lines.join('')}\r\n${page}`)
}
