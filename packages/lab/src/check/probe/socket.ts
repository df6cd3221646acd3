import { NonceEar } from './nonce.js'

/** What a page is told of a WebSocket. @see WebSockets standard §3 */
export class ProbeSocket {
  /** `refused` when it closed without having been open; the status of the answer is hidden from pages. */
  readonly opening: Promise<'open' | 'refused'>
  /** When it was closed, by `performance.now()`, and with which code. */
  readonly closing: Promise<{ readonly atMs: number; readonly code: number }>
  readonly #ear = new NonceEar()
  readonly #socket: WebSocket

  /** @param hear is given each text frame */
  constructor(
    url: URL,
    options: { readonly protocol?: string; readonly hear?: (text: string) => void },
    signal: AbortSignal,
  ) {
    const socketUrl = new URL(url)
    socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(socketUrl, options.protocol ?? [])
    this.#socket = socket
    this.opening = new Promise((resolve) => {
      socket.addEventListener('open', () => resolve('open'))
      socket.addEventListener('close', () => resolve('refused'))
    })
    this.closing = new Promise((resolve) => {
      socket.addEventListener('close', ({ code }) => resolve({ atMs: performance.now(), code }))
    })
    socket.addEventListener('message', ({ data }) => {
      const text = String(data)
      options.hear?.(text)
      this.#ear.take(text)
    })
    const close = () => socket.close()
    signal.addEventListener('abort', close, { once: true })
    if (signal.aborted) close()
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** @see NonceEar.hears */
  hears(nonce: string): Promise<number> {
    return this.#ear.hears(nonce)
  }
}
