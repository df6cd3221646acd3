import { type RunningServer, type ServerOptions, startServer } from 'tidings'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { ask, type RawAnswer, type RawRequest } from './raw-connection.js'
import { Witnesses } from './witnesses.js'

export interface ServerUnderFire {
  readonly url: string
  /** One request on a connection of its own. */
  ask(request: RawRequest): Promise<RawAnswer>
  /** Makes a channel. @returns its path */
  create(name: string, contentType?: string): Promise<string>
  /** What a channel holds, as one HTTP body. */
  contents(name: string): Promise<string>
}

/**
 * A server for a file of tests that send what they should not. After each of them it still serves, two readers
 * of another channel noticed nothing, and it made no mistake of its own.
 */
export function serverUnderFire(options: ServerOptions = {}): ServerUnderFire {
  const mistakes: unknown[] = []
  let server: RunningServer
  let witnesses: Witnesses

  beforeAll(async () => {
    server = await startServer({
      engine: 'memory',
      port: 0,
      onMistake: (mistake) => mistakes.push(mistake),
      ...options,
    })
    witnesses = await Witnesses.call(server.url)
  })
  afterEach(async () => {
    await witnesses.noticedNothing()
    expect(mistakes).toEqual([])
  })
  afterAll(async () => {
    witnesses.stop()
    await server.close()
  })

  return {
    get url() {
      return server.url
    },
    ask: (request) => ask(server.url, request),
    async create(name, contentType = 'application/json') {
      const path = `/v1/stream/${name}`
      const answer = await ask(server.url, {
        method: 'PUT',
        target: path,
        headers: { 'content-type': contentType },
      })
      expect(answer.status).toBe(201)
      return path
    },
    contents: async (name) => (await ask(server.url, { target: `/v1/stream/${name}?offset=-1` })).body,
  }
}

/** Asserts that an answer is a problem of this code, and tells nothing of the server's inside. */
export function expectProblem(answer: RawAnswer, status: number, code: string, isHead = false): void {
  const { headers, body } = answer
  expect({ status: answer.status, body }).toMatchObject({ status })
  expect(headers['content-type']).toBe('application/problem+json')
  if (isHead) return
  const problem = JSON.parse(body) as Record<string, unknown>
  expect(problem).toMatchObject({ type: `urn:tidings:problem:${code}`, status, code })
  expect(problem.title).toEqual(expect.any(String))
  expect(problem.detail).toEqual(expect.any(String))
  expectNothingOfTheInside(body)
}

export function expectNothingOfTheInside(text: string): void {
  expect(text).not.toMatch(/node_modules|\.[jt]s\b|\bat \S+ \(|file:|\/packages\/|Error:/)
}
