import { isLiveMode, Problem, proofPath } from '@tidings/protocol'
import type { WebAccess } from '../access/index.js'
import type { Purpose } from '../observe/index.js'
import type { Headers } from '../transports/index.js'
import { allMethods, corsHeaders } from './answer-headers.js'
import { refuseTransferCodings } from './body.js'
import { type HttpRequest, headerText } from './http-request.js'
import { methodNotAllowed } from './method-not-allowed.js'
import { parseTarget, requestedHost, type Target } from './target.js'
import { checkHandshake } from './upgrade.js'

/** What a request's head asks for, whoever sends it and whenever. */
export interface Asked {
  readonly origin: string | undefined
  /** Whom the client means to speak to, where it says. */
  readonly host: string | undefined
  readonly purpose: Purpose
  readonly corsHeaders: Headers
  readonly target: Target | Problem
  /** Why it is refused, before anything is looked for. A preflight is answered all the same, but for a wrong host. */
  readonly refusal: Problem | undefined
}

/** Reads what heads ask for. Heads that connections have in common are read once. */
export class AskedReader {
  readonly #access: WebAccess
  readonly #maxNameBytes: number
  readonly #known = new WeakMap<HttpRequest, Asked>()

  constructor(access: WebAccess, maxNameBytes: number) {
    this.#access = access
    this.#maxNameBytes = maxNameBytes
  }

  read(request: HttpRequest, { isUpgrade }: { isUpgrade: boolean }): Asked {
    const known = this.#known.get(request)
    if (known) return known
    const asked = this.#read(request, isUpgrade)
    // A problem is not kept: its stack would hold the connection that it was first told to.
    if (!asked.refusal && !(asked.target instanceof Problem)) this.#known.set(request, asked)
    return asked
  }

  #read(request: HttpRequest, isUpgrade: boolean): Asked {
    const origin = headerText(request, 'origin')
    const said = orProblem(() => requestedHost(request))
    const host = said instanceof Problem ? undefined : said
    const target = orProblem(() => parseTarget(request.url ?? '/', this.#maxNameBytes))
    const refusal = orProblem(() => {
      if (said instanceof Problem) throw said
      refuseTransferCodings(request)
      if (request.method === 'OPTIONS') return undefined
      if (request.method === 'CONNECT') throw methodNotAllowed(allMethods)
      this.#access.check({ host, origin, fetchSite: headerText(request, 'sec-fetch-site') })
      if (target instanceof Problem) throw target
      if (isUpgrade) checkHandshake(request)
      return undefined
    })
    return {
      origin,
      host,
      purpose: purposeOf(request, target),
      corsHeaders: corsHeaders(this.#access, origin, host),
      target,
      refusal,
    }
  }
}

/** What the request's bytes are spent on. */
function purposeOf(request: HttpRequest, target: Target | Problem): Purpose {
  if (target instanceof Problem) return 'other'
  if (target.kind === 'socket') return 'websocket'
  if (target.kind === 'other') return isOfProof(request, target.pathname) ? 'sse' : 'other'
  if (target.kind !== 'channel' && target.kind !== 'streams') return 'other'
  if (request.method === 'POST' && target.kind === 'channel') return 'publish'
  if (request.method !== 'GET') return 'other'
  const live = target.query.get('live')
  return live !== null && isLiveMode(live) ? live : 'short-poll'
}

/** Both requests of a proof are what hearing by event streams costs. */
function isOfProof({ method }: HttpRequest, pathname: string): boolean {
  return (method === 'GET' || method === 'POST') && pathname.startsWith(proofPath)
}

function orProblem<T>(read: () => T): T | Problem {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
