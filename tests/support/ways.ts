import { type ChannelAddress, type ReadBatch, type ReadOptions, read } from '@tidings/client/ways'
import { WebSocket } from 'ws'

/** For clients on Node 20, which has no WebSocket of its own; short waits after trouble. */
export const onNode = { webSocket: WebSocket, backoff: { baseMs: 10, capMs: 100 } } as const

/** Reads in one way until `enough` says so, then leaves; all batches, the last one included. */
export async function hearUntil(
  address: ChannelAddress,
  options: ReadOptions,
  enough: (heard: readonly ReadBatch[]) => boolean,
): Promise<ReadBatch[]> {
  const heard: ReadBatch[] = []
  for await (const batch of read(address, { intervalMs: 10, ...onNode, ...options })) {
    heard.push(batch)
    if (enough(heard)) break
  }
  return heard
}

/** Reads a channel in one way to its end; the channel is closed by then, or will be. */
export function hearAll(address: ChannelAddress, options: ReadOptions) {
  return hearUntil(address, options, () => false)
}

/** JSON texts, strings or bytes, whatever the channel carries. */
export function messagesIn(batches: readonly ReadBatch[]): (string | Uint8Array)[] {
  return batches.flatMap((batch): readonly (string | Uint8Array)[] => {
    if (batch.kind === 'json') return batch.raw
    return batch.kind === 'empty' ? [] : batch.messages
  })
}
