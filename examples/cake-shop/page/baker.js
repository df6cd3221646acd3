import { read, TidingsSocket } from '@tidings/client/ways'
import { showStanding } from '/shared/standing.js'
import { server } from '/tidings.js'
import { connectionWatch } from './connection-watch.js'
import { isOrder, isStep, lastStep, orderAddress, orders, sayStep, steps } from './order.js'

/** As many orders as are shown and heard. */
const maxOrders = 20

const watch = connectionWatch({
  onGood: () => showStanding('good', 'Orders come as they are placed.'),
  onTrouble: () => showStanding('bad', 'The shop’s server can not be reached. Coming back to it…'),
})
// One socket for all channels. It reconnects by itself, and each reading goes on where it was.
const socket = new TidingsSocket(server, watch)
const list = document.querySelector('#orders')

hearOrders().catch((error) => {
  const isAnew = error.code === 'history-changed' || error.code === 'channel-unknown'
  showStanding(
    'bad',
    isAnew ? 'The shop was started again. Reload this page.' : `No orders: ${error.message}`,
  )
})

async function hearOrders() {
  for await (const batch of read(orders, { way: 'websocket', kind: 'json', socket, last: maxOrders })) {
    for (const order of batch.messages) if (isOrder(order)) show(order)
  }
}

function show({ number, cake }) {
  const item = document.createElement('li')
  item.className = 'card'
  item.dataset.order = number
  const [words, step, button] = ['div', 'p', 'button'].map((name) => document.createElement(name))
  const title = document.createElement('h2')
  title.textContent = `${cake} cake, order ${number}`
  step.className = 'soft'
  words.append(title, step)
  button.disabled = true
  item.append(words, button)
  list.prepend(item)

  // Leaving the reading frees the subscription; an order that is no longer shown is not heard.
  const lifetime = new AbortController()
  item.leave = () => lifetime.abort()
  while (list.children.length > maxOrders) {
    list.lastElementChild.leave()
    list.lastElementChild.remove()
  }
  hearSteps(number, lifetime.signal, (reached) => {
    const isDone = reached === lastStep
    step.textContent = steps[reached]
    button.hidden = isDone
    button.disabled = false
    button.textContent = isDone ? '' : `Next: ${steps[reached + 1]}`
    button.onclick = () => void moveOn(button, number, reached + 1)
  }).catch((error) => {
    step.textContent = `Can not be heard: ${error.message}`
  })
}

/** Only the newest step matters here: `last: 1`. */
async function hearSteps(number, signal, onStep) {
  const options = { way: 'websocket', kind: 'json', socket, last: 1, signal }
  for await (const batch of read(orderAddress(number), options)) {
    for (const message of batch.messages) if (isStep(message)) onStep(message.step)
  }
}

async function moveOn(button, number, step) {
  button.disabled = true
  try {
    // When another baker was first, the socket says so, and the button shows what is next.
    await sayStep(number, step)
  } catch {
    showStanding('bad', 'The step did not reach the server. Press the button again.')
    button.disabled = false
  }
}
