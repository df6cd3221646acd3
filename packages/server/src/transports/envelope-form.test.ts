import { expect, test } from 'vitest'
import { packBatches } from '../log/batch.js'
import { Channel } from '../log/channel.js'
import { envelopesWithOffsets, plainEnvelopes } from './envelope-form.js'

/** Where popular WebSocket clients stop, unless told otherwise. */
const clientLimitBytes = 32 * 1024

const contentTypes = { json: 'application/json', text: 'text/plain', binary: 'image/png' } as const

function channelOf(kind: keyof typeof contentTypes, name: string): Channel {
  const record = {
    id: 1,
    history: Number.MAX_SAFE_INTEGER,
    name,
    contentType: contentTypes[kind],
    createdAtMs: 0,
  }
  return new Channel(record, 0, true, () => 0)
}

/** The payloads of text frames without masks. */
function payloadsOf(bytes: Uint8Array): string[] {
  const payloads: string[] = []
  const view = Buffer.from(bytes)
  for (let at = 0; at < view.byteLength; ) {
    const short = view[at + 1] as number
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? view.readUInt16BE(at + 2) : Number(view.readBigUInt64BE(at + 2))
    payloads.push(view.toString('utf8', at + head, at + head + length))
    at += head + length
  }
  return payloads
}

test.each(['json', 'text', 'binary'] as const)(
  'envelopes of a %s channel fit what clients take, with the longest name and offsets of small messages',
  (kind) => {
    // Each byte of the name is escaped, and so is each of the text.
    const channel = channelOf(kind, '"'.repeat(1024))
    for (const messageBytes of [1, 10, 100, 1_000, 10_000, 25_000]) {
      const text = kind === 'json' ? '1'.repeat(messageBytes) : '\u0001'.repeat(Math.ceil(messageBytes / 6))
      const messages = Array.from({ length: Math.ceil(200_000 / messageBytes) }, () => Buffer.from(text))
      const batches = packBatches(messages, { kind, history: channel.history, start: 0, committedAtMs: 8e15 })
      for (const form of [plainEnvelopes, envelopesWithOffsets]) {
        const payloads = payloadsOf(form.encode(batches, { channel, isUpToDate: true, isClosed: false }))
        for (const payload of payloads)
          expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(clientLimitBytes)
        const envelopes = payloads.map((payload) => JSON.parse(payload))
        expect(envelopes.flatMap((envelope) => envelope.messages)).toHaveLength(messages.length)
        // Only the last is up to date, and each goes on where the one before it ended.
        expect(envelopes.map(({ upToDate }) => upToDate)).toEqual(
          envelopes.map((_, index) => index === envelopes.length - 1),
        )
        if (form === envelopesWithOffsets) {
          for (const { offsets, nextOffset, messages } of envelopes) {
            expect(offsets).toHaveLength(messages.length)
            expect(offsets.at(-1)).toBe(nextOffset)
          }
        }
      }
    }
  },
)

test('a message that is larger goes alone', () => {
  const channel = channelOf('json', 'cake')
  const messages = [1, 2].map(() => Buffer.from(JSON.stringify('x'.repeat(clientLimitBytes))))
  const batches = packBatches(messages, { kind: 'json', history: 1, start: 0, committedAtMs: 0 })
  const payloads = payloadsOf(plainEnvelopes.encode(batches, { channel, isUpToDate: true, isClosed: true }))
  expect(payloads.map((payload) => JSON.parse(payload).type)).toEqual(['data', 'data', 'closed'])
})
