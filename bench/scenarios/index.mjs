import { scenario as fanOut } from './fan-out.mjs'

/**
 * In the order of the report. A scenario has a `name`, a `title` and a sentence of what it `measures`; `cases(isQuick)`,
 * each with a `name`, and a `way` where the peers' endpoints differ; `figures`, the main one first; `isFor(peer, case)`;
 * and `measure(row, bench)`, which gives one round's figures of one row.
 */
export const scenarios = [fanOut]
