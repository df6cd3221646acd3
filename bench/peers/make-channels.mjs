import http from 'node:http'
import https from 'node:https'

const atOnce = 32

/** Channels of the Durable Streams protocol are made by PUT before they are used. */
export async function makeChannels(path, { port, channels = 1, isTls = false, headers = {} }) {
  const requester = isTls ? https : http
  const agent = new requester.Agent({ keepAlive: true, maxSockets: atOnce, rejectUnauthorized: false })
  const options = { host: '127.0.0.1', port, method: 'PUT', agent }
  const put = (index) =>
    new Promise((resolve, reject) => {
      const request = requester.request({
        ...options,
        path: path.replace('{c}', index),
        headers: { 'content-type': 'application/json', ...headers },
      })
      request.once('error', reject).once('response', (response) => {
        response.resume().once('end', resolve)
        if (response.statusCode >= 300) reject(new Error(`PUT was answered with ${response.statusCode}`))
      })
      request.end()
    })
  await Promise.all(Array.from({ length: channels }, (_, index) => put(index)))
  agent.destroy()
}
