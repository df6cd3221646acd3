import type { RawEventStream, RawWebSocket } from '../support/raw-client.js'

/** Messages of one size that tell their place in the channel, so that a reader needs to keep none of them. */
export function numbered(place: number, bytes: number): string {
  return `${place} `.padEnd(bytes, 'x')
}

/** Hears numbered messages and nothing else, each once and in order. */
export class Count {
  /** The first thing that was not as it should be. */
  fault: string | undefined
  next = 0
  #heard = () => {}

  hear(message: string): void {
    const place = Number.parseInt(message, 10)
    if (place !== this.next) this.fault ??= `heard ${message.slice(0, 20)} where ${this.next} should be`
    this.next = place + 1
    this.#heard()
  }

  /** Resolves when so many have come, or something else than the next one. */
  async reaches(count: number): Promise<string> {
    while (this.next < count && this.fault === undefined) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve
      })
    }
    return this.fault ?? `${this.next} in order`
  }
}

/** Counts what an event stream brings from now on. */
export function countEvents(stream: RawEventStream): Count {
  const count = new Count()
  let rest = ''
  stream.response.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data:[')) for (const message of JSON.parse(line.slice(5))) count.hear(message)
    }
  })
  return count
}

/** Counts the messages of a plain WebSocket, from the first one on. */
export function countFrames(raw: RawWebSocket): Count {
  const count = new Count()
  hearAll(raw, (text) => count.hear(JSON.parse(text)))
  return count
}

/** Counts the messages in the `data` envelopes of a socket of tidings.v1, from the first one on. */
export function countEnvelopes(raw: RawWebSocket): Count {
  const count = new Count()
  hearAll(raw, (text) => {
    const { type, messages } = JSON.parse(text)
    if (type === 'data') for (const message of messages) count.hear(message)
  })
  return count
}

/** What came with the handshake was heard already. */
function hearAll({ socket, messages }: RawWebSocket, hear: (text: string) => void): void {
  for (const text of messages) hear(text)
  socket.on('message', (data) => hear(String(data)))
}
