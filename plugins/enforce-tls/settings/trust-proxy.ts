/** `[console] trust_proxy`: who may say who a client is. Pure. */
import { isNetwork } from './network.js'
import type { Settings } from './types.js'
import { NO } from './values.js'

/** Networks that express knows by name. */
const NAMED = ['loopback', 'linklocal', 'uniquelocal']

/** What the text says; `null` for one that does not. Everybody, `true`, is no answer. */
export function trustedProxies(text: string): Settings['console']['trustProxy'] | null {
  if (NO.includes(text)) return false
  if (/^\d{1,2}$/.test(text)) return Number(text)
  const addresses = text.split(',').map((part) => part.trim())
  return addresses.every((address) => NAMED.includes(address) || isNetwork(address)) ? addresses : null
}
