/** In an offset or an ETag. */
const historyPattern = /(?<!\d)\d{16}(?=[_:]\d)/g

/**
 * What differs between two runs of the same commands (histories, times, cursor tokens, nonces, waiting times), each as a
 * placeholder. A history is numbered by its first appearance, so that two texts are alike only if they name the
 * same histories at the same places.
 */
export class RunValues {
  readonly #histories: string[] = []

  /** The text with placeholders. */
  plain(text: string): string {
    return text
      .replace(historyPattern, (history) => `<history ${this.#numberOf(history)}>`)
      .replace(/"(committedAt|streamCommittedAt)":\d{13}/g, '"$1":<ms>')
      .replace(/^(stream-committed-at): \d{13}$/gim, '$1: <ms>')
      .replace(/"streamCursor":"\d+"/g, '"streamCursor":"<cursor>"')
      .replace(/^(stream-cursor): \d+$/gim, '$1: <cursor>')
      .replace(/^retry:\d+$/gm, 'retry:<ms>')
      .replace(/"retryAfterMs":\d+/g, '"retryAfterMs":<ms>')
      .replace(/"nonce":"[\w-]{22}"/g, '"nonce":"<nonce>"')
      .replace(/^data:[\w-]{22}$/gm, 'data:<nonce>')
      .replace(/^date: .*$/gim, 'date: <date>')
  }

  /** A text of the other's run with this run's histories, where this run knows them. */
  translated(text: string, other: RunValues): string {
    return text.replace(
      historyPattern,
      (history) => this.#histories[other.#histories.indexOf(history)] ?? history,
    )
  }

  #numberOf(history: string): number {
    if (/^0+$/.test(history)) return 0
    if (!this.#histories.includes(history)) this.#histories.push(history)
    return this.#histories.indexOf(history) + 1
  }
}
