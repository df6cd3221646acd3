import { showStanding } from '/shared/standing.js'
import { bookmarkOf, keepBookmark } from './bookmark.js'
import { readAnswer } from './read-answer.js'

const find = (selector) => document.querySelector(selector)
const question = find('#question')

// The address says which answer this is. Another tab that opens it has no bookmark, and reads from the beginning.
const asked = new URLSearchParams(location.hash.slice(1))
if (/^[0-9a-f-]{36}$/.test(asked.get('answer'))) {
  question.value = asked.get('question') ?? question.value
  goOn(bookmarkOf(`answers/${asked.get('answer')}`))
}

// Somebody pasted the address of another answer.
addEventListener('hashchange', () => location.reload())
find('#reload').addEventListener('click', () => location.reload())
find('#ask').addEventListener('submit', (event) => {
  event.preventDefault()
  void ask()
})

async function ask() {
  const button = find('#ask button')
  button.disabled = true
  showStanding('waiting', 'Asking…')
  try {
    const answer = await fetch('/answers', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: question.value }),
    })
    const { channel, detail } = await answer.json()
    if (answer.ok) {
      const id = channel.replace('answers/', '')
      // A new page for a new answer: the old one's reading ends with the page.
      location.hash = String(new URLSearchParams({ answer: id, question: question.value }))
      return
    }
    showStanding('bad', detail)
  } catch {
    showStanding('bad', 'The server can not be reached, so nothing was asked. Try again in a moment.')
  }
  button.disabled = false
}

/** @param {import('./bookmark.js').Bookmark} bookmark */
function goOn(bookmark) {
  if (bookmark.end !== undefined) {
    show(bookmark)
    showEnd(bookmark.end)
    return
  }
  if (bookmark.tokens > 0) bookmark.resumes.push(bookmark.text.length)
  show(bookmark)
  showStanding('waiting', 'Going to the answer…')
  readAnswer(bookmark.channel, bookmark.offset, {
    onToken: (token, offset) => {
      bookmark.text += token
      bookmark.tokens += 1
      bookmark.offset = offset
      keepBookmark(bookmark)
      find('#text').append(token)
      write('tokens', bookmark.tokens)
    },
    onEnd: (how) => {
      bookmark.end = how
      keepBookmark(bookmark)
      showEnd(how)
    },
    onOpen: () => showStanding('good', 'The answer is being written.'),
    onLost: () =>
      showStanding('bad', 'The connection is lost. The answer goes on being written; coming back to it…'),
    onGone: () => {
      rest()
      showStanding('bad', 'The server has this answer no longer. Ask again.')
    },
  })
}

function showEnd(how) {
  rest()
  const isWhole = how === 'complete'
  showStanding(isWhole ? 'good' : 'bad', isWhole ? 'The answer is complete.' : 'The answer broke off here.')
}

/** Nothing more comes. */
function rest() {
  find('#answer').ariaBusy = 'false'
  find('#reload').disabled = true
}

/** What was read before, with a mark wherever reading went on. */
function show({ text, tokens, resumes }) {
  find('#answer').hidden = false
  const edges = [0, ...resumes]
  for (const [index, from] of edges.entries()) {
    if (index > 0) find('#text').append(mark())
    find('#text').append(text.slice(from, edges[index + 1]))
  }
  write('tokens', tokens)
  write('resumes', resumes.length)
}

function mark() {
  const element = document.createElement('span')
  element.className = 'resumed'
  element.title = 'the page was loaded again here'
  return element
}

function write(metric, value) {
  const output = find(`[data-metric="${metric}"]`)
  output.dataset.value = String(value)
  output.textContent = String(value)
}
