/** That mail is handed on with REQUIRETLS (RFC 8689), in words. Pure. */
import type { Onward } from '../rules/levels.js'

const TEXTS: Readonly<Record<Onward, string>> = {
  offered: 'handed on with REQUIRETLS where the server offers it',
  must: 'only with REQUIRETLS, to a server with a verified certificate that DNSSEC, an MTA-STS policy or the certificate proves to be the right one',
}

const SHORT: Readonly<Record<Onward, string>> = {
  offered: 'REQUIRETLS where offered',
  must: 'only with REQUIRETLS',
}

/** In a cell, or beside a level; none where it is handed on without. */
export function formatOnwardShort(onward: Onward | undefined): string[] {
  return onward === undefined ? [] : [SHORT[onward]]
}

/** As a phrase of a list; none where it is handed on without. */
export function formatOnward(onward: Onward | undefined): string[] {
  return onward === undefined ? [] : [TEXTS[onward]]
}
