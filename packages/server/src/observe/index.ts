export { Costs, type Purpose, purposes, type WayCosts } from './costs.js'
