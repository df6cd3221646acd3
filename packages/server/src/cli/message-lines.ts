import type { ReadBatch } from '@tidings/client/ways'

export interface LineOptions {
  /** A message that is a JSON string is printed as its text. */
  readonly string: boolean
}

/**
 * What `read` prints of a batch: a JSON message verbatim on a line of its own (ndjson), text and bytes as
 * they are.
 *
 * A JSON text may hold line breaks between its tokens (never within a string, where they are escaped). Each
 * becomes one space, so that a line is a message; CR and LF together are one break, as an event stream has it,
 * so that all four ways print the same.
 */
export function printed(batch: ReadBatch, { string }: LineOptions): string | Uint8Array {
  switch (batch.kind) {
    case 'empty':
      return ''
    case 'json':
      return batch.raw.map((raw) => `${string ? textOf(raw) : oneLine(raw)}\n`).join('')
    case 'text':
      return batch.messages.join('')
    case 'binary':
      return batch.messages.length === 1 ? (batch.messages[0] as Uint8Array) : Buffer.concat(batch.messages)
  }
}

function oneLine(raw: string): string {
  return raw.replace(/\r\n|\r|\n/g, ' ')
}

function textOf(raw: string): string {
  return raw.startsWith('"') ? (JSON.parse(raw) as string) : oneLine(raw)
}
