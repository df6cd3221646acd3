import { ProblemError } from '../problem-error.js'

/**
 * A JSON text that is published as it stands: numbers keep all their digits, objects their order and
 * duplicates.
 */
export class RawJson {
  readonly text: string

  /** @throws ProblemError `message-invalid` when `text` is not one JSON value */
  constructor(text: string) {
    this.text = text.trim()
    try {
      JSON.parse(text)
    } catch (cause) {
      // Checked here and not by the server: `1,2` would become two messages once it stands in an array.
      throw new ProblemError('message-invalid', `Not a JSON value: ${text.slice(0, 80)}`, { cause })
    }
  }
}
