export type Load = Readonly<Record<string, string | number>>

export interface Report {
  readonly published: number
  readonly delivered: number
  readonly heard: { readonly count: number; readonly p50Ms: number; readonly p99Ms: number }
}

export interface Server {
  readonly port: number
}

export interface Peer {
  readonly publish: { readonly http: Load }
  readonly endpoints: readonly { readonly way: string; readonly load: Load }[]
}

export const tidings: Peer
export function buildLoadgen(): string
export function findProgram(name: string): string | undefined
export function generate(load: Load, onPhase?: (phase: string) => unknown): Promise<Report>
export function findWrongs(report: Report): string | undefined
export function withServer<Result>(
  peer: Peer,
  options: Readonly<Record<string, unknown>>,
  use: (server: Server) => Promise<Result>,
): Promise<Result>
export function step(
  server: Server,
  load: Load,
): Promise<Report & { readonly wrong?: string; readonly cpuUsPerDelivery?: number }>

export interface Row {
  readonly case: string
  readonly peer: string
  readonly title: string
  readonly rounds: readonly Readonly<Record<string, number | string>>[]
}

interface Scenario {
  readonly figures: readonly { readonly key: string; readonly title: string }[]
}

export function withMedians(rows: readonly Row[], scenario: Scenario): readonly Row[]
export function tableOf(scenario: Scenario, rows: readonly Row[]): string
