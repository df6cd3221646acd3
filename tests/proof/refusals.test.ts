import { describe, expect, test } from 'vitest'
import { expectProblem, serverUnderFire } from '../support/server-under-fire.js'

const server = serverUnderFire({ maxBodyBytes: 1_000 })

const id = 'an-id-of-16-to-64'
const target = `/v1/proof/${id}`

describe('a proof that can not be meant', () => {
  test.each([
    '/v1/proof',
    '/v1/proof/',
    `/v1/proof/${'x'.repeat(15)}`,
    `/v1/proof/${'x'.repeat(65)}`,
    `/v1/proof/${id}/`,
    `/v1/proof/${id}%0a`,
    `/v1/proof/${id}.`,
    '/v1/proof/..%2f..%2f..%2f..%2fv1',
    `/v1/proof/${'%C3%A9'.repeat(10)}`,
  ])('%s is 400 with both methods', async (each) => {
    for (const method of ['GET', 'POST']) {
      expectProblem(await server.ask({ method, target: each }), 400, 'proof-invalid')
    }
  })

  test.each(['HEAD', 'PUT', 'DELETE', 'PATCH'])('%s is 405', async (method) => {
    const answer = await server.ask({ method, target })
    expectProblem(answer, 405, 'method-not-allowed', method === 'HEAD')
    expect(answer.headers.allow).toBe('GET, POST, OPTIONS')
  })

  test('has a body that is too large', async () => {
    const answer = await server.ask({ method: 'POST', target, body: 'x'.repeat(1_001) })
    expectProblem(answer, 413, 'message-too-large')
  })

  test.each([
    [{ host: 'evil.example' }, 421, 'host-refused'],
    [{ origin: 'http://evil.example' }, 403, 'origin-refused'],
    [{ 'sec-fetch-site': 'cross-site' }, 403, 'origin-refused'],
  ] as const)('comes with %j, which is refused with both methods', async (headers, status, code) => {
    for (const method of ['GET', 'POST']) {
      expectProblem(await server.ask({ method, target, headers }), status, code)
    }
  })
})

test('what begins like a proof and is none is not there', async () => {
  expectProblem(await server.ask({ target: `/v1/proofs/${id}` }), 404, 'route-unknown')
})
