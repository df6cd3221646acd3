import { runExample } from '../shared/run-example.mjs'

await runExample('arena', 4442, () => import('./arena.mjs'))
