/** 128 random bits, hexadecimal: nobody guesses it, and no other text has it. A page on plain HTTP has this API too. */
export function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A nonce as a message of a JSON channel. */
export function nonceMessage(nonce: string): string {
  return JSON.stringify({ nonce })
}

/** How much of what was heard is kept, characters: a nonce and more, in case it comes in two pieces. */
const keptLength = 4_096

/** Listens for nonces in text that comes in pieces. */
export class NonceEar {
  readonly #waiting = new Map<string, (atMs: number) => void>()
  #text = ''

  /** Takes the next piece. */
  take(piece: string): void {
    const text = this.#text + piece
    for (const [nonce, resolve] of this.#waiting) {
      if (!text.includes(nonce)) continue
      this.#waiting.delete(nonce)
      resolve(performance.now())
    }
    this.#text = text.slice(-keptLength)
  }

  /**
   * To be called before the nonce is sent.
   *
   * @returns when it is heard, by `performance.now()`; never settles when it is not
   */
  hears(nonce: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(nonce, resolve))
  }
}
