import { createChannel, postPublisher } from '@tidings/client/ways'
import { showStanding } from '/shared/standing.js'
import { connectionWatch } from './connection-watch.js'
import { hear } from './hear.js'
import { cakes, isStep, orderAddress, orders, sayStep, steps } from './order.js'

const waySays = {
  'short-poll': 'Short polling: asks once a second.',
  'long-poll': 'Long polling: has asked, and the server answers when there is news.',
  sse: 'Server-Sent Events: one response stays open.',
  websocket: 'WebSocket: one socket stays open.',
}
const wayNames = {
  'short-poll': 'Short polling',
  'long-poll': 'Long polling',
  sse: 'SSE',
  websocket: 'WebSocket',
}

const find = (selector) => document.querySelector(selector)

fillChoice(find('#cakes'), 'cake', Object.fromEntries(cakes.map((cake) => [cake, cake])))
fillChoice(find('#ways'), 'way', wayNames)

// The address says which order this is: a reload, or another device, goes on hearing it.
const asked = new URLSearchParams(location.hash.slice(1))
if (asked.has('order')) follow(asked.get('order'), asked.get('cake') ?? '')
else find('#order-form').hidden = false

find('#order-form').addEventListener('submit', (event) => {
  event.preventDefault()
  void order(new FormData(event.target).get('cake'))
})

async function order(cake) {
  const button = find('#order-form button')
  button.disabled = true
  showStanding('waiting', 'Taking the order to the shop…')
  const number = crypto.randomUUID().slice(0, 6)
  try {
    await createChannel(orderAddress(number))
    await sayStep(number, 0)
    await postPublisher(orders, { backoff: { maxAttempts: 3 } }).publish([{ number, cake }])
  } catch {
    showStanding('bad', 'The shop can not be reached, so nothing was ordered. Try again in a moment.')
    button.disabled = false
    return
  }
  history.replaceState(null, '', `#${new URLSearchParams({ order: number, cake })}`)
  find('#order-form').hidden = true
  follow(number, cake)
}

function follow(number, cake) {
  const list = find('#steps')
  list.replaceChildren(...steps.map(stepItem))
  find('#order-title').textContent = `${cake} cake, order ${number}`
  find('#order').hidden = false

  let way = find('#ways :checked').value
  const good = () => showStanding('good', waySays[way])
  const hearing = hear(orderAddress(number), way, {
    onMessages: (messages, heardOver) => {
      for (const message of messages) if (isStep(message)) showStep(list, message, heardOver)
    },
    readOptions: connectionWatch({
      onGood: good,
      onTrouble: (waitMs) => {
        const wait = `${(waitMs / 1000).toFixed(1)} s`
        showStanding('bad', `The shop can not be reached. Asking again in ${wait}; no news will be missed.`)
      },
    }),
  })
  find('#ways').addEventListener('change', (event) => {
    way = event.target.value
    showStanding('waiting', `Changing to ${wayNames[way]}…`)
    hearing.change(way)
  })
  hearing.ended.then(
    () => end('good', 'The cake is ready, and the order is closed. Enjoy it.'),
    (error) => end('bad', whyNot(error)),
  )
}

function end(standing, sentence) {
  find('#ways').disabled = true
  showStanding(standing, sentence)
}

function whyNot({ code, message }) {
  if (code === 'channel-unknown' || code === 'history-changed') {
    return 'The shop knows no such order. It keeps its orders in memory, and has been started again.'
  }
  return `The order can not be heard: ${message}`
}

/** Steps come in their order and without a gap: whatever else comes is told. */
let next = 0

function showStep(list, { step, at }, way) {
  if (step < next) count('twice', 1)
  if (step > next) count('lost', step - next)
  next = Math.max(next, step + 1)
  count('heard', 1)
  const item = list.children[step]
  item.dataset.way = way
  const time = new Date(Number(at))
  item.querySelector('time').textContent =
    `${Number.isNaN(time.valueOf()) ? '' : time.toLocaleTimeString()}  ${wayNames[way]}`
}

function count(metric, more) {
  const output = find(`[data-metric="${metric}"]`)
  output.dataset.value = String(Number(output.dataset.value) + more)
  output.textContent = output.dataset.value
}

function stepItem(name) {
  const item = document.createElement('li')
  const [words, time] = [document.createElement('span'), document.createElement('time')]
  words.textContent = name
  time.className = 'small soft'
  item.append(words, time)
  return item
}

function fillChoice(fieldset, name, choices) {
  for (const [value, words] of Object.entries(choices)) {
    const [label, input] = [document.createElement('label'), document.createElement('input')]
    Object.assign(input, { type: 'radio', name, value, defaultChecked: !fieldset.querySelector('input') })
    label.append(input, words)
    fieldset.append(label)
  }
}
