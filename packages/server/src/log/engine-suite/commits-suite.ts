import { type ChannelKind, Problem } from '@tidings/protocol'
import { expect } from 'vitest'
import { type Batch, packBatches } from '../batch.js'
import type { ChannelRecord, Commit, Engine } from '../engine.js'

export function commitOf(parts: Partial<Commit>): Commit {
  return { batches: [], channels: [], producers: [], removed: [], lastHistory: 1, ...parts }
}

export function channel(id: number, name: string): ChannelRecord {
  return { id, name, history: id, contentType: 'application/json', createdAtMs: 1_764_000_000_000 }
}

/** One batch for each list of messages, each after the one before. */
export function chain(kind: ChannelKind, lists: readonly (readonly (string | Uint8Array)[])[]): Batch[] {
  let start = 0
  return lists.map((list) => {
    const messages = list.map((message) => Buffer.from(message as string))
    const [batch] = packBatches(messages, { kind, history: 1, start, committedAtMs: 1_764_000_000_000 })
    start = (batch as Batch).end
    return batch as Batch
  })
}

export function positions(batches: readonly Batch[]): [number, number][] {
  return batches.map((batch) => [batch.start, batch.end])
}

export async function append(engine: Engine, channelId: number, batches: readonly Batch[]): Promise<void> {
  await engine.commit(
    commitOf({
      channels: [channel(channelId, `channel-${channelId}`)],
      batches: batches.map((batch) => ({ channelId, batch })),
    }),
  )
}

/** A channel each with one message and one producer. */
export async function fill(engine: Engine, channels: readonly ChannelRecord[]): Promise<void> {
  const batch = chain('json', [['1']])[0] as Batch
  await engine.commit(
    commitOf({
      channels,
      batches: channels.map(({ id }) => ({ channelId: id, batch })),
      producers: channels.map(({ id }) => ({
        channelId: id,
        producerId: 'p',
        state: { epoch: 0, lastSeq: 0 },
      })),
    }),
  )
}

export async function expectNothingOf(engine: Engine, channelId: number): Promise<void> {
  expect(engine.tail(channelId)).toBe(0)
  expect(await engine.read(channelId, 0, 1e6)).toEqual([])
  expect(await engine.readBack(channelId, 1, 1e6)).toEqual([])
  expect(engine.producer(channelId, 'p')).toBeUndefined()
}

export async function expectProblem(promise: Promise<unknown>, code: string): Promise<void> {
  const outcome = await promise.catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(Problem)
  expect((outcome as Problem).code).toBe(code)
}
