import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const contentTypes = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}

/** Where the browser finds what an example does not bring itself: addresses begin so, files are there. */
const sharedFolders = {
  '/shared/': new URL('./page/', import.meta.url),
  // As built: they need no bundler, an import map is enough.
  '/modules/client/': new URL('.', import.meta.resolve('@tidings/client')),
  '/modules/protocol/': new URL('.', import.meta.resolve('@tidings/protocol')),
}

const maxBodyBytes = 16 * 1024

/**
 * What an example answers to a POST, by path.
 *
 * @typedef {Record<string, (asked: unknown) => Promise<{ status: number, body: unknown }>>} Posts
 */

/**
 * A server for the files of one folder, on loopback.
 *
 * `/tidings.js` is a module that tells a page where its Tidings server is.
 *
 * @param {{ port: number, folder: URL, server: string, posts?: Posts | undefined }} options
 */
export async function startPageServer({ port, folder, server, posts = {} }) {
  const addressModule = `export const server = ${JSON.stringify(server)}\n`
  const http = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/[?#].*$/s, '')
    const answer =
      request.method === 'POST' ? answerPost(posts, path, request) : answerGet(folder, path, addressModule)
    answer.then(
      ({ status, type, content }) => {
        response.writeHead(status, {
          'content-type': type,
          'cache-control': 'no-cache',
          'x-content-type-options': 'nosniff',
        })
        response.end(request.method === 'HEAD' ? undefined : content)
      },
      (error) => {
        // Who has gone away needs no answer, and a mistake of ours must not end the server.
        console.error('a page was not answered:', error)
        response.destroy()
      },
    )
  })
  await new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    close: async () => {
      http.close()
      http.closeAllConnections()
    },
  }
}

async function answerGet(folder, path, addressModule) {
  if (path === '/tidings.js') return { status: 200, type: contentTypes.js, content: addressModule }
  const file = fileOf(folder, path === '/' ? '/index.html' : path)
  const type = contentTypes[path === '/' ? 'html' : path.slice(path.lastIndexOf('.') + 1)]
  if (file === undefined || type === undefined) return nothingHere
  try {
    return { status: 200, type, content: await readFile(file) }
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return nothingHere
    throw error
  }
}

const nothingHere = { status: 404, type: 'text/plain; charset=utf-8', content: 'Nothing is here.\n' }

/** Only plain names: no path leads out of its folder. */
function fileOf(folder, path) {
  if (!/^(?:\/[\w-][\w.-]*)+$/.test(path)) return undefined
  const shared = Object.entries(sharedFolders).find(([prefix]) => path.startsWith(prefix))
  return shared ? new URL(path.slice(shared[0].length), shared[1]) : new URL(path.slice(1), folder)
}

async function answerPost(posts, path, request) {
  if (!Object.hasOwn(posts, path)) return nothingHere
  // A page of another site can send a form here; it can't send JSON without a preflight, which nobody answers.
  if (request.headers['content-type'] !== 'application/json') return json(415, { detail: 'Send JSON.' })
  let asked
  try {
    asked = JSON.parse(await bodyOf(request))
  } catch {
    return json(400, { detail: `Send one JSON value of at most ${maxBodyBytes} bytes.` })
  }
  const { status, body } = await posts[path](asked)
  return json(status, body)
}

async function bodyOf(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Error('too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function json(status, value) {
  return { status, type: 'application/json', content: JSON.stringify(value) }
}
