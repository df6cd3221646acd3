import { startServer } from 'tidings'
import { startPageServer } from './page-server.mjs'

/**
 * Two servers, as in most apps: Tidings, and one that gives out pages. They have different ports, so the pages are
 * of another origin than the channels; a server that listens on loopback takes pages of loopback origins. Elsewhere
 * it has to be told (`--allow-origin`), or a proxy puts both behind one origin (docs/proxies.md).
 *
 * The log is in memory and ends with the process: an example leaves nothing on the disk.
 *
 * @param {object} options
 * @param {number} options.port  of the pages; 0 picks a free one
 * @param {URL} options.folder   what the page server gives out
 * @param {(server: string) => Promise<Part>} [options.begin]  what else the example is; it hears where Tidings is
 * @typedef {object} Part
 * @property {import('./page-server.mjs').Posts} [posts]
 * @property {() => Promise<void>} [close]
 * @returns {Promise<import('./run-example.mjs').Example>}
 */
export async function startServers({ port, folder, begin = async () => ({}) }) {
  const tidings = await startServer({ engine: 'memory', port: 0 })
  let part = {}
  try {
    part = await begin(tidings.url)
    const pages = await startPageServer({ port, folder, server: tidings.url, posts: part.posts })
    return {
      url: pages.url,
      server: tidings.url,
      close: async () => {
        await pages.close()
        await part.close?.()
        await tidings.close()
      },
    }
  } catch (error) {
    await part.close?.()
    await tidings.close()
    throw error
  }
}
