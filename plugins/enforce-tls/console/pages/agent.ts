/** What a browser calls itself, as a person would say it. Pure. */
import { plain } from './plain.js'
import { texts } from './texts.js'

/** In this order: most browsers also name others. */
const BROWSERS = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const
const SYSTEMS = [
  [/Windows/, 'Windows'],
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
] as const
const LENGTH_MAX = 60

/** Such as `Firefox on Windows`; what is no known browser is shown as it says. */
export function formatAgent(agent: string | null): string {
  if (agent === null || agent.trim() === '') return texts.people.sessions.unknown
  const browser = BROWSERS.find(([sign]) => sign.test(agent))?.[1]
  const system = SYSTEMS.find(([sign]) => sign.test(agent))?.[1]
  if (browser === undefined) return plain(agent).slice(0, LENGTH_MAX)
  return system === undefined ? browser : texts.people.sessions.on(browser, system)
}
