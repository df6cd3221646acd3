import { once } from 'node:events'
import { type LabNotice, type LabRequest, labPath, type TraceEvent } from '@tidings/protocol'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

/** A run of the Lab as its page has it: what it is told, and what it asks. */
export class LabRun {
  readonly channel: string
  readonly line: string
  readonly notices: LabNotice[] = []
  readonly #socket: WebSocket

  private constructor(socket: WebSocket, first: Extract<LabNotice, { type: 'run' }>) {
    this.#socket = socket
    this.channel = first.channel
    this.line = first.line
    socket.on('message', (data: Buffer) => this.notices.push(JSON.parse(data.toString()) as LabNotice))
  }

  static async open(server: { readonly url: string }): Promise<LabRun> {
    const socket = new WebSocket(server.url.replace('http', 'ws') + labPath.run)
    onTestFinished(() => socket.terminate())
    const [data] = (await once(socket, 'message')) as [Buffer]
    return new LabRun(socket, JSON.parse(data.toString()))
  }

  ask(request: LabRequest): void {
    this.#socket.send(JSON.stringify(request))
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  async close(): Promise<void> {
    this.#socket.close()
    await once(this.#socket, 'close')
  }

  get trace(): readonly TraceEvent[] {
    return this.notices.flatMap((notice) => (notice.type === 'trace' ? notice.events : []))
  }

  /** Waits until what was told is so; what never becomes so ends in the test's timeout. */
  async until(isSo: (run: this) => boolean): Promise<void> {
    while (!isSo(this)) await once(this.#socket, 'message')
  }
}

/** What the trace of a lane adds up to. */
export function sumOf(trace: readonly TraceEvent[]) {
  const sum = { requests: 0, connections: 0, bytesUp: 0, bytesDown: 0 }
  for (const event of trace) {
    if (event.kind === 'opened') sum.connections++
    if (event.kind === 'request') sum.requests++
    if (event.kind === 'request' || event.kind === 'up') sum.bytesUp += event.byteLength
    if (event.kind === 'down') sum.bytesDown += event.byteLength
  }
  return sum
}
