/** The places that mail of the bench goes to: domains, each with an MX host at an address of its own on this machine. */

/** The domain that all of them belong to. */
const PARENT = 'bench.example'

/** As a pattern of a rule: every destination. */
export const ALL_DESTINATIONS = `.${PARENT}`

/** The number of addresses there are. */
export const DESTINATIONS_MAX = 65_536

export function domainOf(destination: number): string {
  return `d${destination}.${PARENT}`
}

/** All of 127.0.0.0/8 is this machine on Linux. */
export function addressOf(destination: number): string {
  return `127.1.${destination >> 8}.${destination & 255}`
}

/** Source of a Haraka plugin that routes them without a look-up, so that none is measured. */
export function routesPlugin(port: number): string {
  return `
exports.hook_get_mx = (next, hmail, domain) => {
  const [, digits] = /^d(\\d+)\\./.exec(domain) ?? []
  if (digits === undefined) return next(DENY, 'not a domain of the bench')
  const destination = Number(digits)
  const exchange = '127.1.' + (destination >> 8) + '.' + (destination & 255)
  next(OK, [{ exchange, port: ${port}, priority: 0, from_dns: 'mx.' + domain }])
}
`
}

/** The same as Postfix's transport table. */
export function transportTable(port: number, destinations: number): string {
  return Array.from(
    { length: destinations },
    (_, number) => `${domainOf(number)} smtp:[${addressOf(number)}]:${port}\n`,
  ).join('')
}
