// node load-server.mjs DATA TRACE DURABILITY SEED: publishers over HTTP on a server, which is a process of its
// own and has the layer under it too, since it inherits the environment.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openNotes } from './notes.mjs'
import { publishWith } from './publishers.mjs'

const [data, trace, durability, seed] = process.argv.slice(2)
const main = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const server = spawn(
  process.execPath,
  [main, 'serve', '--port', '0', '--data', data, '--durability', durability],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const [line] = await Promise.race([
  once(server.stdout, 'data'),
  once(server, 'exit').then(([code]) => {
    throw new Error(`The server ended with ${code} before it was ready`)
  }),
])
const [base] = /http:\/\/\S+/.exec(String(line))
const agent = new Agent({ keepAlive: true })

const store = {
  create: async (name) => {
    const offset = await ask('PUT', name, { 'content-type': 'application/json' })
    return Number(offset.slice(0, 16))
  },
  append: (name, publisher, n, text) =>
    ask(
      'POST',
      name,
      {
        'content-type': 'application/json',
        'producer-id': `publisher-${publisher}`,
        'producer-epoch': 0,
        'producer-seq': n,
      },
      text,
    ),
  remove: (name) => ask('DELETE', name, {}),
}

await publishWith(store, openNotes(trace), Number(seed))
agent.destroy()
server.kill('SIGTERM')
await once(server, 'exit')

/** @returns the next offset, once the whole answer is here */
async function ask(method, name, headers, body = '') {
  const asked = request(`${base}/v1/stream/${name}`, { method, headers, agent })
  asked.end(body)
  const [answer] = await once(asked, 'response')
  let text = ''
  for await (const chunk of answer) text += chunk
  if (answer.statusCode >= 300) throw Object.assign(new Error(text), { code: JSON.parse(text).code })
  return answer.headers['stream-next-offset']
}
