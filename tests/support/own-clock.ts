/** A clock that stands until a test moves it. */
export class OwnClock {
  #nowMs = Date.parse('2030-01-01T00:00:00Z')

  readonly now = (): number => this.#nowMs

  pass(seconds: number): void {
    this.#nowMs += seconds * 1000
  }

  /** As a header has it. */
  in(seconds: number): string {
    return new Date(this.#nowMs + seconds * 1000).toISOString()
  }
}
