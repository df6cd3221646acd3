export { HttpServer } from './http-server.js'
