import { findWrongs, GenerationFailed, generate } from './generate.mjs'

/**
 * One run of the load generator against a server that runs, with what it cost the server.
 *
 * @param server  from `withServer`
 * @param load    the load generator's options without the ports
 * @param onEdge  called at each phase, after the costs were read; what it promises is waited for, as in `generate`
 * @returns the report, with `cpuUsPerDelivery` and `serverCpuPercent` of the measured time, and `wrong`: a sentence when
 *          anything was lost, repeated or reordered, or the run could not be made
 */
export async function step(server, load, onEdge = () => {}) {
  const costs = {}
  const onPhase = (phase) => {
    costs[phase] = server.costs()
    return onEdge(phase)
  }
  try {
    const report = await generate({ port: server.port, ...load }, onPhase)
    const cpuSeconds = costs.measured.cpuSeconds - costs.measuring.cpuSeconds
    return {
      ...report,
      wrong: findWrongs(report),
      deliveredPerSecond: (report.measuredDelivered * 1000) / report.measuredMs,
      acknowledgedPerSecond: (report.measuredAcknowledged * 1000) / report.measuredMs,
      cpuUsPerDelivery:
        report.measuredDelivered > 0 ? (cpuSeconds * 1e6) / report.measuredDelivered : undefined,
      cpuUsPerPublish:
        report.measuredPublished > 0 ? (cpuSeconds * 1e6) / report.measuredPublished : undefined,
      serverCpuPercent: (cpuSeconds * 1e5) / report.measuredMs,
      residentMb: costs.measured.residentKb / 1024,
    }
  } catch (error) {
    if (!(error instanceof GenerationFailed)) throw error
    return { wrong: error.message }
  }
}
