import { ProblemError } from '../problem-error.js'

/**
 * A JSON text that is published as it stands: numbers keep all their digits, objects their order and
 * duplicates.
 */
export class RawJson {
  readonly text: string

  /** @throws ProblemError `message-invalid` when `text` is not one JSON value */
  constructor(text: string) {
    try {
      JSON.parse(text)
    } catch (cause) {
      // Checked here and not by the server: `1,2` would become two messages once it stands in an array.
      const excerpt = text.length > 80 ? `${text.slice(0, 80)}…` : text
      throw new ProblemError('message-invalid', `Not a JSON value: ${excerpt}`, { cause })
    }
    this.text = text.trim()
  }
}
