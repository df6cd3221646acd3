/** What is said to the person at the terminal. stdout belongs to the data. */
export type Note = (sentence: string) => void

export const note: Note = (sentence) => {
  process.stderr.write(`tidings: ${sentence}\n`)
}

export const silence: Note = () => {}
