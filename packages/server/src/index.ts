export { verifyFolder } from './log/index.js'
export { type RunningServer, type ServerOptions, startServer } from './server.js'
export {
  resolveSettings,
  type SettingDescription,
  SettingInvalid,
  type Settings,
  settingDescriptions,
} from './settings.js'
