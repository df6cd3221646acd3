import { Absent } from '../../harness/absent.mjs'

/** Its server needs .NET, which the registries that the benchmark installs from do not have. */
export const signalr = {
  name: 'signalr',
  title: '@microsoft/signalr',
  package: '@microsoft/signalr',
  usual: `export { HubConnectionBuilder } from '@microsoft/signalr'`,
  everything: `export * from '@microsoft/signalr'`,
  async install() {
    throw new Absent('its server needs ASP.NET Core, which is not here: only its size is measured')
  },
}
