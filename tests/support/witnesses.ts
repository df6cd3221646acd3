import { get, type IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'

/**
 * Two readers of a channel of their own, one over SSE and one over WebSocket, that stay connected while a test
 * does its worst elsewhere: whatever happens there, they hear every message once, in order, on the connections
 * that they began with.
 */
export class Witnesses {
  readonly #channelUrl: string
  readonly #stop: () => void
  readonly #heard: { readonly sse: number[]; readonly websocket: number[] } = { sse: [], websocket: [] }
  #lost: string | undefined
  #published = 0
  #wake: () => void = () => {}

  private constructor(channelUrl: string, response: IncomingMessage, socket: WebSocket) {
    this.#channelUrl = channelUrl
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const events = text.split('\n\n')
      text = events.pop() as string
      for (const event of events) {
        const data = /^event: data\ndata:(.*)$/m.exec(event)?.[1]
        if (data !== undefined) this.#heard.sse.push(...(JSON.parse(data) as number[]))
      }
      this.#wake()
    })
    socket.on('message', (data) => {
      this.#heard.websocket.push(Number(String(data)))
      this.#wake()
    })
    const lose = (which: string) => () => {
      this.#lost = `The ${which} witness was cut off.`
      this.#wake()
    }
    response.once('close', lose('SSE'))
    socket.once('close', lose('WebSocket'))
    this.#stop = () => {
      response.removeAllListeners('close').destroy()
      socket.removeAllListeners('close').terminate()
    }
  }

  /** @param url the server's */
  static async call(url: string): Promise<Witnesses> {
    const channelUrl = `${url}/v1/stream/witnesses`
    await fetch(channelUrl, { method: 'PUT', headers: { 'content-type': 'application/json' } })
    const socket = new WebSocket(`${channelUrl.replace('http', 'ws')}?live=websocket&offset=-1`)
    await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${channelUrl}?live=sse&offset=-1`, { agent: false }, resolve).once('error', reject)
    })
    return new Witnesses(channelUrl, response, socket)
  }

  /**
   * The server still serves, and the witnesses noticed nothing: a message that is published now is the next
   * that both hear.
   *
   * @throws when one was cut off, or heard anything else
   */
  async noticedNothing(): Promise<void> {
    const body = String(this.#published++)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(this.#channelUrl, { method: 'POST', headers, body })
    if (answer.status !== 204) throw new Error(`The server answered ${answer.status} to a plain publish.`)
    const { sse, websocket } = this.#heard
    while (!this.#lost && Math.min(sse.length, websocket.length) < this.#published) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#lost) throw new Error(this.#lost)
    const expected = Array.from({ length: this.#published }, (_, index) => index).join()
    if (sse.join() !== expected) throw new Error(`SSE heard ${sse.join()} of ${expected}.`)
    if (websocket.join() !== expected) throw new Error(`WebSocket heard ${websocket.join()} of ${expected}.`)
  }

  stop(): void {
    this.#stop()
  }
}
