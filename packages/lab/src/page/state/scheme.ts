import { readTheme, type Theme } from '../../diagram/index.js'

/** A diagram's colours from the page's, read anew only when the visitor's scheme changes: reading asks for styles. */
export class SchemeTheme {
  readonly #element: Element
  readonly #lifetime = new AbortController()
  #theme: Theme

  constructor(element: Element) {
    this.#element = element
    this.#theme = readTheme(element)
    const { signal } = this.#lifetime
    const reread = () => {
      this.#theme = readTheme(this.#element)
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', reread, { signal })
  }

  get theme(): Theme {
    return this.#theme
  }

  destroy(): void {
    this.#lifetime.abort()
  }
}
