import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Request {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends requests to one server, one after the other on one connection. */
export class Client {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(url: string) {
    this.#url = url
  }

  /** @param isEnough for an answer that does not end by itself: looks at what came, and the rest is not waited for */
  send(
    { method, target, headers, body }: Request,
    isEnough: (soFar: Buffer) => boolean = () => false,
  ): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const { host, port } = new URL(this.#url)
      const address = { host: host.split(':')[0] as string, port, path: target, agent: this.#agent }
      const asking = request({ ...address, method, headers }, (response) => {
        const chunks: Buffer[] = []
        const answer = () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          })
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          if (!isEnough(Buffer.concat(chunks))) return
          answer()
          response.destroy()
        })
        response.on('end', answer)
        response.on('error', reject)
      })
      asking.on('error', reject)
      asking.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
