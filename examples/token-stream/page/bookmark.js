/**
 * What this tab has read of an answer: the text, and the offset after it. Both are written down as one item in one go, so
 * that they always fit each other, wherever a reload falls between two tokens.
 *
 * @typedef {object} Bookmark
 * @property {string} channel
 * @property {string} offset     where to go on; `-1` for the beginning
 * @property {string} text
 * @property {number} tokens     how many the text is made of
 * @property {string} [end]      how the answer ended, once it has
 * @property {number[]} resumes  the text's length, in characters, each time that reading went on after a reload
 */

const item = 'answer'

/**
 * @param {string} channel
 * @returns {Bookmark}
 */
export function bookmarkOf(channel) {
  const kept = parsed(sessionStorage.getItem(item))
  if (kept?.channel === channel) return kept
  return { channel, offset: '-1', text: '', tokens: 0, resumes: [] }
}

/** @param {Bookmark} bookmark */
export function keepBookmark(bookmark) {
  sessionStorage.setItem(item, JSON.stringify(bookmark))
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    // Somebody else's item of that name: begin at the beginning.
    return undefined
  }
}
