import type { ReadBatch } from '@tidings/client/ways'

/** A reading that a test takes batch by batch. */
export class Hearing {
  readonly #iterator: AsyncIterator<ReadBatch>

  constructor(batches: AsyncIterable<ReadBatch>) {
    this.#iterator = batches[Symbol.asyncIterator]()
  }

  /** @throws when the reading has ended */
  async next(): Promise<ReadBatch> {
    const step = await this.#iterator.next()
    if (step.done) throw new Error('the reading has ended')
    return step.value
  }

  /** Messages until the reader has `count` of them, and where it stands then. */
  async messages(count: number): Promise<{ messages: unknown[]; offset: string }> {
    const messages: unknown[] = []
    for (;;) {
      const batch = await this.next()
      messages.push(...batch.messages)
      if (messages.length >= count) return { messages, offset: batch.nextOffset }
    }
  }

  /** Whether it ended by itself. */
  async hasEnded(): Promise<boolean> {
    return (await this.#iterator.next()).done === true
  }

  async leave(): Promise<void> {
    await this.#iterator.return?.()
  }
}

/** All batches until the reading ends by itself. */
export async function all(batches: AsyncIterable<ReadBatch>): Promise<ReadBatch[]> {
  const heard: ReadBatch[] = []
  for await (const batch of batches) heard.push(batch)
  return heard
}

export function rawOf(batches: readonly ReadBatch[]): string[] {
  return batches.flatMap((batch) => (batch.kind === 'json' ? batch.raw : []))
}

export function messagesOf(batches: readonly ReadBatch[]): unknown[] {
  return batches.flatMap((batch) => [...batch.messages])
}
