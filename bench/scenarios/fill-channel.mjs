const atOnce = 1_000
const messageBytes = 100
/** The load generator's live publisher has lane 0. */
export const filledLane = 1

/** Appends messages as the load generator writes them (`bench/loadgen/message.h`), many with each request. */
export async function fillChannel(url, messageCount) {
  for (let first = 0; first < messageCount; first += atOnce) {
    const count = Math.min(atOnce, messageCount - first)
    const messages = Array.from({ length: count }, (_, index) => messageOf(first + index))
    const body = `[${messages.join(',')}]`
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    if (!answer.ok) throw new Error(`Filling the channel was answered with ${answer.status}`)
  }
}

function messageOf(number) {
  const digits = (value, width) => String(value).padStart(width, '0')
  const stamp = digits(0, 16) + digits(filledLane, 6) + digits(number, 10)
  const head = `{"x":"@${stamp}`
  return `${head.padEnd(messageBytes - 2, 'x')}"}`
}
