import { type BrotliCompress, constants, createBrotliCompress, createGzip, type Gzip } from 'node:zlib'
import type { Coding } from './accept-encoding.js'

/** Bodies coded at once: half of Node's four threads, so that the storage finds one free. */
const maxRunning = 2
/** Bodies that wait or are being coded, bytes in all; past that, answers go out as they are. */
const maxHeldBytes = 64 * 1024 * 1024
/** Coded bodies kept for who asks for the same chunk, bytes; past that, those unused for longest go. */
const maxKeptBytes = 16 * 1024 * 1024
/** No one body takes the place of all others. */
const maxKeptShare = 1 / 4
/** What a thread does in one go before another job has its turn, bytes of output. */
const sliceBytes = 64 * 1024
/** 6 ms a MiB of JSON, to 21 %; level 6 takes half as long again, for a twentieth less. */
const gzipLevel = 4
/** 8 ms a MiB of JSON, to 14 %; quality 5 takes twice as long, and makes more of it. */
const brotliQuality = 4

export interface Task {
  /** Bodies of one name are the same bytes. */
  readonly name: string
  readonly coding: Coding
  readonly body: Uint8Array
}

interface Job extends Task {
  waiters: number
  coder: Gzip | BrotliCompress | undefined
  readonly result: Promise<Buffer | undefined>
  readonly settle: (coded: Buffer | undefined) => void
  readonly fail: (error: Error) => void
}

/**
 * Codes bodies off the event loop, a few at a time. Those who want the same body coded at once share the work,
 * and who comes soon after finds it done.
 */
export class Compressor {
  /** Under way or waiting, by coding and name. */
  readonly #jobs = new Map<string, Job>()
  readonly #waiting = new Set<Job>()
  #running = 0
  #heldBytes = 0
  /** The one used last stands last. */
  readonly #kept = new Map<string, Buffer>()
  #keptBytes = 0

  /**
   * @param signal aborted when nobody waits any more: what everybody left is not done
   * @returns undefined when it was aborted, or there is more to do than can be held
   */
  async compress(task: Task, signal: AbortSignal): Promise<Buffer | undefined> {
    if (signal.aborted) return undefined
    const key = keyOf(task)
    const kept = this.#kept.get(key)
    if (kept) {
      this.#kept.delete(key)
      this.#kept.set(key, kept)
      return kept
    }
    const job = this.#jobs.get(key) ?? this.#add(task)
    if (!job) return undefined
    job.waiters++
    const leave = () => {
      job.waiters--
      if (job.waiters === 0) this.#drop(job)
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await job.result
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /** What is under way or waits. */
  get load(): { readonly jobs: number; readonly bytes: number } {
    return { jobs: this.#jobs.size, bytes: this.#heldBytes }
  }

  #add(task: Task): Job | undefined {
    const bytes = task.body.byteLength
    if (this.#heldBytes + bytes > maxHeldBytes) return undefined
    this.#heldBytes += bytes
    let settle: Job['settle'] = () => {}
    let fail: Job['fail'] = () => {}
    const result = new Promise<Buffer | undefined>((resolve, reject) => {
      settle = resolve
      fail = reject
    })
    const job: Job = { ...task, waiters: 0, coder: undefined, result, settle, fail }
    this.#jobs.set(keyOf(task), job)
    this.#waiting.add(job)
    this.#next()
    return job
  }

  #next(): void {
    for (const job of this.#waiting) {
      if (this.#running >= maxRunning) return
      this.#waiting.delete(job)
      this.#run(job)
    }
  }

  #run(job: Job): void {
    const coder = coderFor(job)
    const parts: Buffer[] = []
    job.coder = coder
    this.#running++
    coder.on('data', (part: Buffer) => parts.push(part))
    coder.once('end', () => {
      const coded = Buffer.concat(parts)
      this.#keep(keyOf(job), coded)
      job.settle(coded)
    })
    coder.once('error', job.fail)
    coder.once('close', () => {
      this.#running--
      this.#forget(job)
      this.#next()
    })
    coder.end(job.body)
  }

  /** Everybody who waited for it has left. */
  #drop(job: Job): void {
    job.settle(undefined)
    if (job.coder) job.coder.destroy()
    else this.#forget(job)
    // Who asks for the same from here on begins anew.
    this.#jobs.delete(keyOf(job))
  }

  #forget(job: Job): void {
    this.#waiting.delete(job)
    this.#heldBytes -= job.body.byteLength
    if (this.#jobs.get(keyOf(job)) === job) this.#jobs.delete(keyOf(job))
  }

  #keep(key: string, coded: Buffer): void {
    if (coded.byteLength > maxKeptBytes * maxKeptShare) return
    this.#kept.set(key, coded)
    this.#keptBytes += coded.byteLength
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#keptBytes <= maxKeptBytes) return
      this.#kept.delete(oldest)
      this.#keptBytes -= byteLength
    }
  }
}

function keyOf({ coding, name }: Task): string {
  return `${coding} ${name}`
}

function coderFor({ coding, body }: Task): Gzip | BrotliCompress {
  if (coding === 'gzip') return createGzip({ level: gzipLevel, chunkSize: sliceBytes })
  return createBrotliCompress({
    chunkSize: sliceBytes,
    params: {
      [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength,
    },
  })
}
