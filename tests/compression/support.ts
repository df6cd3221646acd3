import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { postPublisher } from '@tidings/client/ways'
import type { TestChannel } from '../support/channel.js'

export interface BytesAnswer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  /** As they came, coded or not. */
  readonly bytes: Buffer
}

/** One request on a connection of its own, whose body is left as it came. */
export async function askBytes(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<BytesAnswer> {
  const asking = request(url, { method, headers, agent: false })
  asking.end()
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  response.on('data', (part: Buffer) => parts.push(part))
  await once(response, 'end')
  return { status: response.statusCode, headers: response.headers, bytes: Buffer.concat(parts) }
}

/** @throws when the bytes are not what the header says */
export function decoded(coding: string | undefined, bytes: Buffer): Buffer {
  if (coding === undefined) return bytes
  if (coding === 'gzip') return gunzipSync(bytes)
  if (coding === 'br') return brotliDecompressSync(bytes)
  throw new Error(`An answer came coded as ${coding}`)
}

/** So many messages of about 200 bytes, which repeat as real ones do. */
export async function publishHistory(channel: TestChannel, count: number, first = 0): Promise<void> {
  await postPublisher(channel).publish(
    Array.from({ length: count }, (_, place) => {
      const n = first + place
      return { n, cake: 'ready', baker: `baker-${n % 17}`, note: `The cake number ${n} is ready. `.repeat(4) }
    }),
  )
}
