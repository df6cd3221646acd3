/**
 * Says in words how it stands with the server.
 *
 * @param {'waiting' | 'good' | 'bad'} standing
 * @param {string} sentence
 */
export function showStanding(standing, sentence) {
  const line = document.querySelector('#standing')
  // A screen reader says each change: what has not changed is not said again.
  if (line.textContent === sentence) return
  line.dataset.standing = standing
  line.textContent = sentence
}
