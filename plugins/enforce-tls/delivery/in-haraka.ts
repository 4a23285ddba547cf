/** What the running Haraka and the settings in force bring into deliveries and bounces. */
import type { HarakaMailItem } from '../haraka/types.js'
import type { HarakaRuntime } from '../haraka/runtime.js'
import { isThisMachine } from '../haraka/this-machine.js'
import type { PublishedSources } from '../published/domain-facts.js'
import { parseDomain } from '../rules/address.js'
import { NO_HELP, readSenderHelp, type SenderHelp } from '../rules/sender-help.js'
import type { Settings } from '../settings/types.js'
import { ConnectionPool } from './connections/pool.js'
import { composeBounce, type BounceOptions } from './bounce/compose.js'
import type { DeliveryEvent } from './delivery-events.js'
import type { GuardContext } from './guard-context.js'
import { hostOf, placeOf } from './next-hop.js'
import { divide, keepAsError, splitOff } from './queue-files.js'
import type { WaitingList } from './waiting.js'
import { contextOf, sessionsOf, type AllContexts } from './tls/contexts.js'

/** What changes while Haraka runs, and where events go. */
export interface DeliverySources {
  readonly settings: () => Settings
  readonly contexts: () => AllContexts
  /** Where it is asked what partners publish. */
  readonly published: () => PublishedSources
  /** Who knows what waits. */
  readonly waiting: WaitingList
  /** The secret of the marks on mail that goes through a gateway. Never rejects. */
  readonly markKey: () => Promise<string>
  /** The entry of a sending domain in the store as JSON, or `null` for none. */
  readonly readService: (domain: string) => Promise<string | null>
  /** Reports to the observers. Total. */
  readonly emit: (event: DeliveryEvent) => void
}

/** The surroundings of all guards of this Haraka. */
export function guardContextIn(
  haraka: HarakaRuntime,
  { settings, contexts, published, waiting, markKey, readService, emit }: DeliverySources,
): GuardContext {
  const turns = () => haraka.outboundConfig.concurrency_max ?? Infinity
  return {
    settings,
    me: () => haraka.name,
    outbound: () => haraka.outbound,
    skips: (mx) => !haraka.outboundConfig.local_mx_ok && isThisMachine(mx),
    requireTls: () => ({ settings: settings().requiretls, own: haraka.ownDomains }),
    trusts: () => contexts().trusts,
    secureContext: (mx, requirement) => contextOf(contexts(), settings(), requirement, haraka.tlsOptions(mx)),
    sessions: (context, mx, requirement) =>
      settings().tls.sessionResumption
        ? (sessionsOf(contexts(), requirement, context)?.slot(hostOf(mx), placeOf(mx), requirement) ?? null)
        : null,
    published,
    makeMx: (hop) => new haraka.outbound.net_utils.HarakaMx(hop),
    isLastTry: ({ num_failures }) => num_failures >= (haraka.outboundConfig.temp_fail_intervals ?? []).length,
    retriesLeft: ({ num_failures }) =>
      (haraka.outboundConfig.temp_fail_intervals ?? [])
        .slice(num_failures)
        .reduce((sum, interval) => sum + interval * 1000, 0),
    turns,
    connections: new ConnectionPool(() => settings().tls, turns),
    composeBounce: async (request) =>
      composeBounce(request, {
        ...bounceOptionsIn(haraka, settings()),
        help: await helpFor(request.item, readService),
        honourNo: settings().requiretls.honourNo,
        ...(request.delayed ? { templates: haraka.delayTemplates } : {}),
      }),
    divide: (item, groups) => divide(item, groups, haraka.outbound),
    splitOff: (item, recipients) => splitOff(item, recipients, haraka.outbound),
    keepAsError,
    waiting,
    markKey,
    emit,
  }
}

/** How a bounce of this Haraka looks now. */
export function bounceOptionsIn(
  { name: me, bounceTemplates: templates }: HarakaRuntime,
  { failure, tls }: Pick<Settings, 'failure' | 'tls'>,
): BounceOptions {
  const { minVersion } = tls
  const { bounceContent: content, language } = failure
  return { me, content, templates, now: new Date(), minVersion, language }
}

/** Whom a sender can ask. No bounce waits for a store that does not answer, or is missing for what stands there. */
export async function helpFor(
  { todo: { mail_from } }: Pick<HarakaMailItem, 'todo'>,
  readService: DeliverySources['readService'],
): Promise<SenderHelp> {
  const parsed = parseDomain(String(mail_from.host))
  if ('problem' in parsed) return NO_HELP
  try {
    return readSenderHelp(await readService(parsed.domain)).help
  } catch {
    return NO_HELP
  }
}
