/** `[console] trust_proxy`: who may say who a client is. Pure. */
import { isIP } from 'node:net'
import type { Settings } from './types.js'
import { NO } from './values.js'

/** What the text says; `null` for one that does not. Everybody, `true`, is no answer. */
export function trustedProxies(text: string): Settings['console']['trustProxy'] | null {
  if (NO.includes(text)) return false
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const addresses = text.split(',').map((part) => part.trim())
  return addresses.every(isNetwork) ? addresses : null
}

function isNetwork(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  return isIP(address) !== 0 && Number(bits ?? 0) <= (isIP(address) === 4 ? 32 : 128)
}
