import type { Readable } from 'node:stream'
import { CommandFailed } from '../trouble.js'

const lineFeed = 0x0a

/** A line that never ends must not fill the memory; servers take far smaller messages. */
const longestLineBytes = 64 * 1024 * 1024

/** Bytes that end with a line feed, which is not among them, unless the input ended before one came. */
export interface InputLine {
  readonly bytes: Buffer
  /** From 1. */
  readonly number: number
  readonly isWhole: boolean
}

/**
 * The lines of a stream, each as soon as it has come.
 *
 * Ends when the stream does, or when `signal` aborts: then what has come of a last line is dropped, since
 * nobody knows what it would have been.
 *
 * @throws CommandFailed for a line of more than 64 MiB
 */
export async function* inputLines(
  input: Readable,
  signal: AbortSignal,
): AsyncGenerator<InputLine, void, void> {
  let number = 0
  let parts: Buffer[] = []
  let partBytes = 0
  for await (const chunk of inputChunks(input, signal)) {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      const bytes = Buffer.concat([...parts, chunk.subarray(start, end)])
      parts = []
      partBytes = 0
      start = end + 1
      number += 1
      yield { bytes, number, isWhole: true }
    }
    if (start === chunk.length) continue
    parts.push(chunk.subarray(start))
    partBytes += chunk.length - start
    if (partBytes > longestLineBytes) {
      throw new CommandFailed(`line ${number + 1} has more than ${longestLineBytes} bytes`)
    }
  }
  if (parts.length > 0 && !signal.aborted) {
    yield { bytes: Buffer.concat(parts), number: number + 1, isWhole: false }
  }
}

/** The chunks of a stream, until it ends or `signal` aborts. */
export async function* inputChunks(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
  const end = () => input.destroy()
  if (signal.aborted) return
  signal.addEventListener('abort', end)
  try {
    for await (const chunk of input) yield chunk as Buffer
  } catch (error) {
    // Destroyed by the abort: it did not end by itself.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}
