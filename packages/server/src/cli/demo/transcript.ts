export type Speaker = 'client' | 'server'

const arrows: Record<Speaker, string> = { client: 'C->', server: 'S->' }

/** Where the technical side of a line begins. */
const detailColumn = 58

/**
 * Who says what, and when, as it happens:
 *
 *     00:00:01.000 C-> Is the cake ready?              GET …?offset=-1
 *     00:00:01.002 S-> No, wait.                       200 []
 *
 * The times are real, from the start of the conversation.
 */
export class Transcript {
  readonly #write: (text: string) => void
  readonly #hasColours: boolean
  #startMs = 0

  constructor(write: (text: string) => void, hasColours: boolean) {
    this.#write = write
    this.#hasColours = hasColours
  }

  /** Begins a conversation: its clock starts now. */
  begin(title: string, explanation: string): void {
    this.heading(title)
    this.aside(explanation)
    this.#write('\n')
    this.#startMs = performance.now()
  }

  say(speaker: Speaker, words: string, detail: string): void {
    const line = `${formatTime(performance.now() - this.#startMs)} ${arrows[speaker]} ${words}`
    this.#write(`${line.padEnd(detailColumn)} ${this.#styled(dim, detail)}\n`.replace(/ +\n$/, '\n'))
  }

  /** What happens while nobody speaks. */
  meanwhile(text: string): void {
    this.#write(`${' '.repeat(17)}${this.#styled(dim, `… ${text}`)}\n`)
  }

  heading(text: string): void {
    this.#write(`\n${this.#styled(bold, text)}\n`)
  }

  /** A paragraph. */
  text(text: string): void {
    this.#write(`${wrapped(text).join('\n')}\n`)
  }

  /** A paragraph that explains. */
  aside(text: string): void {
    const lines = wrapped(text).map((line) => this.#styled(dim, line))
    this.#write(`${lines.join('\n')}\n`)
  }

  /** As it stands. */
  block(text: string): void {
    this.#write(`\n${text}\n\n`)
  }

  #styled(code: number, text: string): string {
    return this.#hasColours ? `\x1b[${code}m${text}\x1b[0m` : text
  }
}

const textWidth = 96

function wrapped(text: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= textWidth) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines
}

/** SGR parameters. @see ECMA-48 §8.3.117 */
const bold = 1
const dim = 2

/** 61002.4 → `00:01:01.002` */
export function formatTime(elapsedMs: number): string {
  const wholeMs = Math.floor(elapsedMs)
  const parts = [wholeMs / 3_600_000, (wholeMs / 60_000) % 60, (wholeMs / 1_000) % 60]
  const clock = parts.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':')
  return `${clock}.${String(wholeMs % 1_000).padStart(3, '0')}`
}
