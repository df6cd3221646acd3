// When nobody hears it any more (`2>&1 | head`), there is nobody to tell, and nothing to fail for.
process.stderr.on('error', () => {})

/** What is said to the person at the terminal. stdout belongs to the data. */
export type Note = (sentence: string) => void

export const note: Note = (sentence) => {
  process.stderr.write(`tidings: ${sentence}\n`)
}

export const silence: Note = () => {}
