/**
 * Makes a channel of JSON messages, or finds it there.
 *
 * With plain `fetch`, because it is one request: `@tidings/client` has `createChannel`, which does not take what
 * these examples ask for beside it (how long messages and channel stay, and what an acknowledgement means).
 *
 * @param {string} server
 * @param {string} channel  of letters, digits, `-` and `/`
 * @param {Record<string, string>} [keeping]  Stream-Durability, Stream-Retention-*, Stream-TTL
 * @see docs/protocol.md, "What lasts, and how long"
 */
export async function makeChannel(server, channel, keeping = {}) {
  const answer = await fetch(`${server}/v1/stream/${channel}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...keeping },
  })
  if (!answer.ok) throw new Error(`${channel} was not made: ${await answer.text()}`)
}
