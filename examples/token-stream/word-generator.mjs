/**
 * Stands where an app would have its language model. It is none: it walks from word to word through a few sentences, and
 * begins where the question's letters say. The same question gives the same answer, token by token.
 */

const sentences = `
A log keeps what was said in the order in which it was said.
A reader keeps one small thing, the offset of what it has read.
The offset is a bookmark, and the book does not care who reads it.
When the page is loaded again the reader goes on where the bookmark is.
When the connection breaks the words wait in the log until somebody asks for them.
The writer does not wait for the reader, and the reader does not wait for the writer.
A word that was written stays written, whether anybody was there to hear it or not.
Nothing is read twice, because the bookmark moves on with every word.
Nothing is lost, because the bookmark never moves past a word that was not read.
A cake takes its time in the oven, and an answer takes its time on the wire.
The baker does not bake the cake again when the customer leaves the shop for a moment.
Somebody who opens the same page later reads it from the beginning and then goes on with everybody else.
The end of an answer is written in the log like every other word of it.
Whoever has read the end of the log knows that there is nothing to wait for.
`

const answerWords = 120
/** A longer word comes in pieces, as a model's tokens do. */
const longestToken = 6

/** From two words that follow each other to the words that may come next. */
const nextWords = followers(sentences)
const beginnings = sentences
  .trim()
  .split('\n')
  .map((sentence) => sentence.split(' ').slice(0, 2))

/**
 * @param {string} question
 * @returns {Generator<string, void, void>} the answer's tokens; put together they are its text
 */
export function* tokensFor(question) {
  const random = seededRandom(question.trim().toLowerCase())
  const choose = (choices) => choices[Math.floor(random() * choices.length)]
  let [first, second] = choose(beginnings)
  yield* pieces(first)
  yield* pieces(` ${second}`)
  for (let count = 2; count < answerWords || !second.endsWith('.'); count += 1) {
    if (second.endsWith('.')) {
      const isParagraph = random() < 0.3
      ;[first, second] = choose(beginnings)
      yield* pieces(`${isParagraph ? '\n\n' : ' '}${first}`)
      yield* pieces(` ${second}`)
    } else {
      ;[first, second] = [second, choose(nextWords.get(`${first} ${second}`))]
      yield* pieces(` ${second}`)
    }
  }
}

function followers(text) {
  const found = new Map()
  for (const sentence of text.trim().split('\n')) {
    const words = sentence.split(' ')
    for (const [index, word] of words.slice(2).entries()) {
      const pair = `${words[index]} ${words[index + 1]}`
      found.set(pair, [...(found.get(pair) ?? []), word])
    }
  }
  return found
}

function* pieces(word) {
  for (let at = 0; at < word.length; at += longestToken) yield word.slice(at, at + longestToken)
}

/**
 * Numbers from 0 (included) to 1 (excluded), the same for the same text.
 *
 * @see FNV-1a by Fowler, Noll and Vo; xorshift32 by Marsaglia, 2003
 */
function seededRandom(text) {
  let state = 0x811c9dc5
  for (const character of text) state = Math.imul(state ^ character.codePointAt(0), 0x01000193) >>> 0
  // Zero is the one state that never leaves itself.
  state ||= 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
