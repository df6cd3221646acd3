import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import type { Note } from '../notes.js'
import { CommandFailed } from '../trouble.js'
import { type InputLine, inputChunks, inputLines } from './input-lines.js'
import type { MessageForm } from './message-form.js'
import type { Outgoing } from './publish-window.js'

export interface InputOptions {
  readonly form: MessageForm
  /** Ends the reading. */
  readonly signal: AbortSignal
  readonly note: Note
}

/**
 * The messages of stdin, each as soon as its line has come.
 *
 * @throws CommandFailed naming the first line that is none
 */
export async function* lineMessages(input: Readable, options: InputOptions): AsyncGenerator<Outgoing> {
  let isDoubtful = false
  for await (const line of inputLines(input, options.signal)) {
    const origin = `line ${line.number}`
    const message = messageOf(line, options.form)
    if (!isDoubtful && !isUtf8(line.bytes)) {
      isDoubtful = true
      options.note(
        `${origin} is not UTF-8: bytes that make no sense are published as U+FFFD, here and further on`,
      )
    }
    if (message !== undefined) yield { message, origin }
  }
}

/** Bytes as they come: of a binary channel, where lines mean nothing. */
export async function* chunkMessages(input: Readable, { signal }: InputOptions): AsyncGenerator<Outgoing> {
  let bytesBefore = 0
  for await (const message of inputChunks(input, signal)) {
    yield { message, origin: `the bytes from ${bytesBefore} on` }
    bytesBefore += message.length
  }
}

function messageOf({ bytes, isWhole, number }: InputLine, form: MessageForm) {
  try {
    return form.fromLine(bytes, isWhole)
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new CommandFailed(`line ${number}: ${error.message}`, { cause: error })
  }
}
