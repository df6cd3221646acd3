import type { Http2ServerRequest } from 'node:http2'
import { ConnectionGone } from '../../transports/index.js'
import { announcedBytes } from '../body.js'
import { BoundedBody, type ReadBounds, tooLarge } from '../bounded-body.js'

/**
 * The whole body of a request of HTTP/2.
 *
 * @throws Problem `message-too-large`, `server-busy`; an error when the client goes away before the end
 */
export function readBody(request: Http2ServerRequest, bounds: ReadBounds): Promise<Buffer> {
  const { maxBytes } = bounds
  if (announcedBytes(request) > maxBytes) return Promise.reject(tooLarge(maxBytes))
  return new Promise((resolve, reject) => {
    const body = new BoundedBody(bounds)
    // Once it is settled nothing is listened to any more, though the listeners go only with the request.
    let isSettled = false
    const fail = (reason: Error) => {
      isSettled = true
      reject(reason)
    }
    const gone = () => {
      if (!isSettled) fail(new ConnectionGone())
    }
    request.on('data', (part: Buffer) => {
      if (isSettled) return
      const refusal = body.add(part)
      if (refusal) fail(refusal)
    })
    request.on('end', () => {
      // A stream of HTTP/2 that its client resets ends as well: what came of its body is not the whole.
      if (request.aborted) gone()
      if (isSettled) return
      isSettled = true
      resolve(body.joined)
    })
    request.on('error', gone).on('close', gone)
  })
}
