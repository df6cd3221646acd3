import { Problem } from '@tidings/protocol'
import { AdminAccess, isLoopbackHost, matcherOf, WebAccess } from './access/index.js'
import { CertificateInvalid, HttpServer, type KeyPair, readKeyPair, selfSignedKeyPair } from './http/index.js'
import { Heartbeat, Hub, MaxAge } from './hub/index.js'
import { Lab } from './lab/index.js'
import { Log, openEngine } from './log/index.js'
import { Costs, Trace } from './observe/index.js'
import { resolveSettings, SettingInvalid, type Settings } from './settings.js'
import type { Station } from './transports/index.js'

/** Clients that were told to come back are spread over this long, milliseconds. */
const comeBackSpreadMs = 2_000
/** How often channels are looked for whose time, or whose messages' time, is over though nobody asks, milliseconds. */
const expiryIntervalMs = 1_000
/** How long a stop waits for answers that are under way, milliseconds. */
const stopPatienceMs = 5_000

export interface ServerOptions extends Partial<Settings> {
  /** Milliseconds since 1970; for tests that own the time. */
  readonly now?: () => number
  /** Hears of mistakes of our own, and of storage that fails; the default writes them to stderr. */
  readonly onMistake?: (error: unknown) => void
  /** Hears of what works but will not please clients, in a sentence; the default writes it to stderr. */
  readonly onWarning?: (sentence: string) => void
}

export interface RunningServer {
  /** As in `http://127.0.0.1:4437`, with TLS `https:`. */
  readonly url: string
  readonly settings: Settings
  /** The certificate and its chain, PEM, for clients that are to trust a self-signed one. */
  readonly certificate: string | undefined
  /**
   * Reads the files of the certificate and its key again; connections from now on get what they hold. What
   * can't be used is refused, and the old pair stays.
   *
   * @throws SettingInvalid
   */
  renewCertificate(): Promise<void>
  /** Why the storage keeps nothing more until the process is started again, when it does not. */
  readonly storageFailure: Problem | undefined
  /** Stops without losing anything that was acknowledged; safe to call twice. */
  close(): Promise<void>
}

/**
 * Starts a server.
 *
 * @throws SettingInvalid, or what keeps the engine from opening its folder
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { now = Date.now, onMistake = reportMistake, onWarning = reportWarning, ...given } = options
  const settings = resolveSettings(given)
  let keyPair = await keyPairOf(settings, { nowMs: now(), onWarning })
  const engine = await openEngine({ ...settings, folder: settings.data })
  const log = await Log.open(engine, { now, onMistake, isMadeByUse: matcherOf(settings.autoCreate) })
  const station = stationOf(log, settings, now)
  const expiry = keepHouse(log, onMistake)
  const access = new WebAccess({
    isPublic: settings.public,
    isSecure: keyPair !== undefined,
    allowedOrigins: settings.allowOrigin,
  })
  try {
    const admin = await AdminAccess.open(settings.engine === 'disk' ? settings.data : undefined)
    const costs = new Costs()
    const trace = new Trace()
    const lab = hasLab(settings) ? new Lab(station, trace) : undefined
    const http = new HttpServer({
      station,
      access,
      admin,
      costs,
      trace,
      mounts: lab ? [lab] : [],
      limits: settings,
      keyPair,
      onMistake,
    })
    const { address, family, port } = await http.listen(settings.port, settings.host)
    lab?.listensAt({ host: reachable(address), port, isSecure: keyPair !== undefined })
    const scheme = keyPair ? 'https' : 'http'
    const url = `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    let closing: Promise<void> | undefined
    return {
      url,
      settings: { ...settings, port },
      get certificate() {
        return keyPair?.cert
      },
      renewCertificate: async () => {
        if (settings.tlsCert === '') return
        keyPair = await keyPairOf(settings, { nowMs: now(), onWarning })
        if (keyPair) http.useKeyPair(keyPair)
      },
      get storageFailure() {
        return log.failure
      },
      close: () => {
        closing ??= stop({ http, station, lab, expiry })
        return closing
      },
    }
  } catch (error) {
    clearInterval(expiry)
    station.heartbeat.stop()
    await log.close()
    throw error
  }
}

function stationOf(log: Log, settings: Settings, now: () => number): Station {
  return {
    log,
    hub: new Hub(log),
    heartbeat: new Heartbeat({ intervalMs: settings.heartbeatMs }),
    maxAge: new MaxAge({ maxAgeMs: settings.sseMaxAgeMs }),
    settings,
    holds: new Set(),
    streams: new Set(),
    now,
  }
}

/** Ends the channels whose time is over, and drops what retention says, though nobody asks. */
function keepHouse(log: Log, onMistake: (error: unknown) => void): NodeJS.Timeout {
  return setInterval(() => {
    try {
      log.expire()
      log.retention.look()
    } catch (error) {
      onMistake(error)
    }
  }, expiryIntervalMs).unref()
}

function hasLab({ lab, host }: Settings): boolean {
  return lab === 'on' || (lab === 'loopback' && isLoopbackHost(host))
}

/** Where this machine reaches a server that listens on all of its addresses. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1'
  return address === '::' ? '::1' : address
}

interface Running {
  readonly http: HttpServer
  readonly station: Station
  readonly lab: Lab | undefined
  readonly expiry: NodeJS.Timeout
}

/** No new work; held polls are answered, streams told to come back, what was admitted is kept. */
async function stop({ http, station, lab, expiry }: Running): Promise<void> {
  clearInterval(expiry)
  station.heartbeat.stop()
  station.maxAge.stop()
  const closed = http.stopAccepting()
  await lab?.stop()
  await station.hub.idle()
  for (const answer of [...station.holds]) answer()
  for (const stream of [...station.streams]) stream.goAway(Math.round(Math.random() * comeBackSpreadMs))
  const impatience = setTimeout(() => http.cutConnections(), stopPatienceMs)
  await closed
  clearTimeout(impatience)
  await station.log.close()
}

/** @throws SettingInvalid */
async function keyPairOf(
  { host, tlsCert, tlsKey, tlsSelfSigned }: Settings,
  options: { nowMs: number; onWarning: (sentence: string) => void },
): Promise<KeyPair | undefined> {
  if (tlsSelfSigned) {
    return selfSignedKeyPair([...new Set(['localhost', '127.0.0.1', '::1', host])], options.nowMs)
  }
  if (tlsCert === '') return undefined
  try {
    return await readKeyPair({ cert: tlsCert, key: tlsKey }, options)
  } catch (error) {
    if (!(error instanceof CertificateInvalid)) throw error
    throw new SettingInvalid(`${error.message} (--tls-cert, --tls-key)`, { cause: error })
  }
}

function reportWarning(sentence: string): void {
  console.error(`tidings: ${sentence}`)
}

function reportMistake(error: unknown): void {
  const isOurs = !(error instanceof Problem)
  console.error(isOurs ? 'tidings: a mistake of our own:' : 'tidings: trouble:', error)
}
