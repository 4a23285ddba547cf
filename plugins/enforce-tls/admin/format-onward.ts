/** That mail is handed on with REQUIRETLS (RFC 8689), in words. Pure. */
import type { Onward } from '../rules/levels.js'

const TEXTS: Readonly<Record<Onward, string>> = {
  offered: 'handed on with REQUIRETLS where the server offers it',
  must: 'only with REQUIRETLS, to a server that DNSSEC, an MTA-STS policy or the certificate proves to be the right one',
}

/** As a phrase of a list; none where it is handed on without. */
export function formatOnward(onward: Onward | undefined): string[] {
  return onward === undefined ? [] : [TEXTS[onward]]
}
