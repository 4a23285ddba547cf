/**
 * The check at start: whether the guard holds in this Haraka as it is set up. Gives the reason why not, as
 * one sentence with the way out; and what is said in the log about mail that other plugins of this Haraka may send.
 */
import { GUARDED_METHODS } from '../delivery/guarded-item.js'
import type {
  HarakaConnection,
  HarakaMailItem,
  HarakaOutbound,
  HarakaOutboundConfig,
  HarakaPlugin,
} from '../haraka/types.js'
import { announcedPastGuard } from '../requiretls/past-the-guard.js'
import type { Settings } from '../settings/types.js'
import { errorMessage } from '../text/error-message.js'
import { sendersIn, pluginOfKind, runsBefore, isLoaded } from '../haraka/queue-plugins.js'
import { listed } from '../text/list.js'

/** The oldest Haraka in which the guard was tried and holds. */
const OLDEST = { major: 3, minor: 2 }

/** Why the guard would not hold, or `null`. */
export function startProblem(plugin: HarakaPlugin, settings: Settings['main']): string | null {
  const { version } = plugin.haraka_require('package.json') as { version: string }
  if (isTooOld(version))
    return `Haraka ${version} is too old; use Haraka ${OLDEST.major}.${OLDEST.minor} or later`
  for (const hook of ['send_email', 'queue_outbound', 'rcpt']) {
    const problem = orderProblem(plugin, hook)
    if (problem !== null) return problem
  }
  const proxy = pluginOfKind(plugin, 'queue/smtp_proxy')
  if (proxy !== null)
    return (
      `the plugin ${proxy} sends a message while the client is still sending it, before any rule can be checked; ` +
      'take it out of config/plugins, or use queue/smtp_forward in its place'
    )
  const { cfg } = plugin.haraka_require('outbound/config') as HarakaOutboundConfig
  if (!cfg.enable_tls)
    return 'outbound.ini has enable_tls=false, so no mail could leave over TLS; set enable_tls=true or remove the line'
  const { HMailItem } = plugin.haraka_require('outbound') as HarakaOutbound
  const missing = GUARDED_METHODS.filter(
    (method) => typeof (HMailItem.prototype as HarakaMailItem)[method] !== 'function',
  )
  if (missing.length > 0)
    return `this version of Haraka has no ${missing.join(', ')} in outbound/hmail.js; use Haraka 3.3 or a newer version of this plugin`
  return forwardedMailProblem(plugin, settings)
}

/** Why `[main] forwarded_mail=outgoing` could not be kept, or `null`. */
export function forwardedMailProblem(
  plugin: HarakaPlugin,
  { forwardedMail }: Settings['main'],
): string | null {
  if (forwardedMail === 'incoming') return null
  const { Connection } = plugin.haraka_require('connection') as {
    Connection?: { prototype: HarakaConnection }
  }
  const missing = (['queue_respond', 'queue_outbound_respond'] as const).filter(
    (method) => typeof Connection?.prototype[method] !== 'function',
  )
  if (missing.length > 0)
    return `this version of Haraka has no ${missing.join(', ')} in connection.js, which forwarded_mail=outgoing needs; set [main] forwarded_mail=incoming or use a newer version of this plugin`
  return orderProblem(plugin, 'queue')
}

function orderProblem(plugin: HarakaPlugin, hook: string): string | null {
  let before: string | null
  try {
    before = runsBefore(plugin, hook)
  } catch (error) {
    return `the order of plugins is unknown: ${errorMessage(error)}; use a newer version of this plugin`
  }
  if (before === null) return null
  const instead = hook === 'queue' ? ', or set [main] forwarded_mail=incoming' : ''
  return (
    `the plugin ${before} runs before ${plugin.name} in the hook ${hook} and could let mail through; ` +
    `put the line ${plugin.name} above ${before} in config/plugins${instead}`
  )
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)
}

/** A remark, and whether it is a warning. */
export interface StartRemark {
  readonly text: string
  readonly isWarning: boolean
}

/** What holds here for mail that another plugin may send; none where there is no such plugin. */
export function startRemarks(
  plugin: HarakaPlugin,
  settings: Pick<Settings, 'main' | 'requiretls'>,
): StartRemark[] {
  const remarks: StartRemark[] = []
  const say = (text: string, isWarning = false) => remarks.push({ text, isWarning })
  const outgoing = sendersIn(plugin, 'queue_outbound')
  if (outgoing.length > 0)
    say(
      `covered mail that Haraka relays goes through its outbound queue and not to ${listed(outgoing)}; other mail is delivered as usual`,
    )
  const forwarding = sendersIn(plugin, 'queue')
  if (forwarding.length > 0) say(forwardedRemark(listed(forwarding), settings.main))
  const promised = announcedPastGuard(forwarding, settings)
  if (promised !== null) say(promised, true)
  if (isLoaded(plugin, 'queue/lmtp'))
    say(
      'mail for local recipients that queue/lmtp takes goes through the outbound queue, so outgoing rules cover it; where its server has no TLS, name it in [main] trusted_next_hops',
    )
  const { main = {} } = plugin.config.get('smtp.ini', 'ini')
  // Haraka takes any value that is not empty for yes.
  const ignored = main['ignore_bad_plugins'] as string | undefined
  if (ignored)
    say(
      `smtp.ini has ignore_bad_plugins=${ignored}: if ${plugin.name} cannot be loaded, Haraka starts without it, and covered mail leaves as if there were no rules; remove the line`,
      true,
    )
  return remarks
}

function forwardedRemark(names: string, { forwardedMail }: Settings['main']): string {
  return forwardedMail === 'incoming'
    ? `mail for local recipients that ${names} may forward counts as incoming: outgoing rules do not cover it ([main] forwarded_mail=incoming)`
    : `mail for local recipients that ${names} may forward counts as outgoing: covered mail goes through the outbound queue instead ([main] forwarded_mail=outgoing)`
}
