import type { PublishQueue, QueuedAppend } from '../publishing/queue.js'
import { decodeBase64, encodeBase64 } from '../wire/base64.js'

/** `localStorage`, or what is like it. */
export interface KeyedStorage {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export interface StoredQueueOptions {
  /** Default: the page's `localStorage`. */
  readonly storage?: KeyedStorage
  /** Queues of other names know nothing of each other: one for each server, and for each user of a page. Default `tidings`. */
  readonly name?: string
}

/**
 * Keeps what is published until the server has it: what was published offline, and what waited when the page was
 * closed, is sent when the next page makes the channel, in order and once.
 *
 *     const tidings = connect(url, { queue: storedQueue() })
 *
 * It is bounded twice. Beyond what a channel may have waiting (16 Mi characters) `publish` refuses the newest with
 * `queue-full`: to drop an older one would leave a hole that nobody is told of. What the storage has no room for
 * (`localStorage` has about 5 Mi characters) waits in memory alone with what comes behind it, and is sent from there.
 *
 * Of several tabs the first one keeps a channel's queue (Web Locks); what others publish waits in memory alone. So
 * does what a second queue of this name has in the same page: make one, and give it to one client after another.
 */
export function storedQueue({ storage, name = 'tidings' }: StoredQueueOptions = {}): PublishQueue {
  const owners = new Map<string, Promise<boolean>>()
  /** What waits and is not in the storage. Nothing behind it is there either: without a hole the numbers stay true. */
  const unkept = new Map<string, Set<number>>()
  const keep = () => storage ?? localStorage
  const prefixOf = (channel: string) => `${name}-queue ${channel} `
  const owns = (channel: string) => {
    const owner = owners.get(channel) ?? isFirst(prefixOf(channel))
    owners.set(channel, owner)
    return owner
  }
  return {
    async load(channel) {
      return (await owns(channel)) ? kept(keep(), prefixOf(channel)) : []
    },
    async put(channel, appends) {
      if (!(await owns(channel))) return
      const orders = unkept.get(channel) ?? new Set()
      unkept.set(channel, orders)
      let isFull = false
      for (const append of appends) {
        const { order } = append
        const key = prefixOf(channel) + order
        orders.delete(order)
        // They grow, or all of them are put again.
        const [first = order] = orders
        isFull ||= first < order || !fits(keep(), key, written(append))
        if (!isFull) continue
        orders.add(order)
        // It may be there under a number that is another's now.
        keep().removeItem(key)
      }
    },
    settled(channel, order) {
      unkept.get(channel)?.delete(order)
      // Another's append may have the same number.
      owns(channel)
        .then((isOwn) => isOwn && keep().removeItem(prefixOf(channel) + order))
        .catch(() => {})
    },
  }
}

function fits(storage: KeyedStorage, key: string, text: string): boolean {
  try {
    storage.setItem(key, text)
    return true
  } catch {
    return false
  }
}

/** Until the page ends. Where there are no locks, nobody else is thought of. */
function isFirst(lock: string): Promise<boolean> {
  const { locks } = globalThis.navigator ?? {}
  if (!locks) return Promise.resolve(true)
  return new Promise((resolve) => {
    locks
      .request(lock, { ifAvailable: true }, (held) => {
        resolve(held !== null)
        return held && new Promise(() => {})
      })
      .catch(() => resolve(false))
  })
}

function kept(storage: KeyedStorage, prefix: string): QueuedAppend[] {
  const appends: QueuedAppend[] = []
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index)
    const order = key?.startsWith(prefix) ? key.slice(prefix.length) : ''
    // A channel whose name begins with this one's and a space has its numbers behind another name.
    if (!/^\d+$/.test(order)) continue
    const append = read(storage.getItem(key as string), Number(order))
    if (append) appends.push(append)
  }
  return appends.sort((one, other) => one.order - other.order)
}

function written({ messages, close, producer }: QueuedAppend): string {
  const texts = messages.map((message) => (typeof message === 'string' ? message : [encodeBase64(message)]))
  return JSON.stringify({ messages: texts, close, producer })
}

/** @returns undefined for what others have written there */
function read(text: string | null, order: number): QueuedAppend | undefined {
  try {
    const { messages, close, producer } = JSON.parse(text ?? '')
    const { id, epoch, seq } = producer
    const encoded = messages.map((message: string | [string]) =>
      typeof message === 'string' ? message : decodeBase64(message[0]),
    )
    if (typeof id !== 'string' || !Number.isSafeInteger(epoch) || !Number.isSafeInteger(seq)) return undefined
    return { order, messages: encoded, close: close === true, producer: { id, epoch, seq } }
  } catch {
    return undefined
  }
}
