export { Lab } from './lab.js'
