import { server } from '/tidings.js'

export const cakes = ['Lemon', 'Chocolate', 'Carrot']

/** What happens to an order, from first to last. */
export const steps = ['Ordered', 'Mixing', 'In the oven', 'Cooling', 'Being iced', 'Ready for you']

export const lastStep = steps.length - 1

/** Every order; the baker hears it. */
export const orders = { server, channel: 'orders' }

/** @param {string} number */
export function orderAddress(number) {
  return { server, channel: `orders/${number}` }
}

/** Whoever reaches the server may publish: a page takes from a channel only what it understands. */
export function isOrder(message) {
  return /^[0-9a-f]{6}$/.test(message?.number) && cakes.includes(message.cake)
}

export function isStep(message) {
  return Number.isInteger(message?.step) && message.step >= 0 && message.step <= lastStep
}

/**
 * Says on the order's channel that a step is reached, and with the last one that nothing will follow.
 *
 * `Stream-Seq` has to grow from append to append. So a step is said once: when two bakers press the button at the
 * same time, or when one presses again because the first answer was lost, the second is refused.
 *
 * @returns {Promise<boolean>} whether it was this call that said it
 * @throws {TypeError} when the server can't be reached
 */
export async function sayStep(number, step) {
  const { channel } = orderAddress(number)
  const answer = await fetch(`${server}/v1/stream/${channel}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stream-seq': String(step),
      ...(step === lastStep && { 'stream-closed': 'true' }),
    },
    body: JSON.stringify({ step, at: Date.now() }),
  })
  if (answer.ok) return true
  if (answer.status === 409) return false
  throw new Error(`The step was not taken (${answer.status}).`)
}
