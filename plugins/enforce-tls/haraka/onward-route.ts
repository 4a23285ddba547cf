/**
 * Where Haraka's outbound queue would send mail for a domain, asked before a message of a client that may not relay
 * is put into it: such a domain's MX is often this very server, and the message would come back for ever.
 */
import constants from 'haraka-constants'
import { isOwnAddress } from './this-machine.js'
import type { HarakaMx, HarakaOutbound, HarakaPlugin, HarakaPlugins, HarakaTransaction } from './types.js'
import { errorMessage } from '../text/error-message.js'

/** What is asked of the running Haraka. */
export interface RouteContext {
  readonly plugin: HarakaPlugin
  readonly outbound: HarakaOutbound
  /** This server's name. */
  readonly me: string
  /** `local_mx_ok` of `outbound.ini`: whether Haraka delivers to itself where DNS says so. */
  readonly localMxOk: boolean
  /** The ports that this server listens on. */
  readonly ports: readonly number[]
}

/** The next hops of a domain, and who named them. */
interface Route {
  readonly hosts: readonly HarakaMx[]
  readonly by: 'plugin' | 'dns'
}

/**
 * Why mail for a domain can't go through the outbound queue, a clause for a log line; `null` where it can.
 *
 * @param domain as it stands in the envelope
 */
export async function routeProblem(
  domain: string,
  transaction: HarakaTransaction,
  context: RouteContext,
): Promise<string | null> {
  let route: Route
  try {
    route = await routeOf(domain, transaction, context)
  } catch (error) {
    return `the mail servers of ${domain} could not be looked up (${errorMessage(error)})`
  }
  const { hosts, by } = route
  if (hosts.length === 0) return `no mail server of ${domain} is known`
  const own = hosts.filter((mx) => isThisServer(mx, by, context))
  const [mx] = own
  if (!mx) return null
  // RFC 5321 section 5.1: a host that is named itself may only hand on to those that are preferred to it.
  const best = Math.min(...own.map(priorityOf))
  const skipsItself = by === 'dns' && !context.localMxOk
  if (skipsItself && hosts.some((other) => priorityOf(other) < best)) return null
  return `it would come back to this server: ${nameOf(mx)} is a mail server of ${domain}`
}

async function routeOf(
  domain: string,
  transaction: HarakaTransaction,
  { plugin, outbound }: RouteContext,
): Promise<Route> {
  const { get_mx, resolve_mx_hosts, HarakaMx } = outbound.net_utils
  const [code, answer] = await askPlugins(domain, transaction, plugin, outbound)
  switch (code) {
    case constants.ok: {
      const named = [answer].flat().map((one) => new HarakaMx(one))
      return { hosts: await resolve_mx_hosts(named), by: 'plugin' }
    }
    case constants.deny:
      return { hosts: [], by: 'plugin' }
    case constants.cont:
      return { hosts: await resolve_mx_hosts(await get_mx(domain)), by: 'dns' }
    default:
      throw new Error(`a plugin answered get_mx: ${String(answer)}`)
  }
}

/** Asks the hook `get_mx`, as an item of the outbound queue would. */
function askPlugins(
  domain: string,
  { uuid, mail_from, rcpt_to, notes }: HarakaTransaction,
  plugin: HarakaPlugin,
  { HMailItem }: HarakaOutbound,
): Promise<[code: number, answer: unknown]> {
  return new Promise((resolve) => {
    const recipients = rcpt_to.filter(({ host }) => String(host) === domain)
    const todo = { domain, uuid, mail_from, rcpt_to: recipients, notes, queue_time: Date.now() }
    // Not constructed: that would look for a queue file.
    const item = Object.assign(Object.create(HMailItem.prototype as object) as object, {
      todo,
      notes,
      get_mx_respond: (code: number, answer: unknown) => resolve([code, answer]),
    })
    ;(plugin.haraka_require('plugins') as HarakaPlugins).run_hooks('get_mx', item, domain)
  })
}

/**
 * A host of DNS is asked at port 25, whatever this server's ports are behind a firewall. What a plugin names may be a
 * text out of an ini file.
 */
function isThisServer(
  { path, exchange = '', from_dns, port }: HarakaMx,
  by: Route['by'],
  context: RouteContext,
): boolean {
  if (path !== undefined) return false
  if (by === 'plugin' && !context.ports.includes(Number((port as unknown) ?? 25))) return false
  const name = (from_dns ?? exchange).toLowerCase().replace(/\.$/, '')
  return name === context.me.toLowerCase() || isOwnAddress(exchange)
}

function priorityOf({ priority }: HarakaMx): number {
  return Number((priority as unknown) ?? 0)
}

function nameOf({ exchange = '', from_dns }: HarakaMx): string {
  return from_dns === undefined || from_dns === exchange ? exchange : `${from_dns} (${exchange})`
}
