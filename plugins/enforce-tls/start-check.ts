/**
 * The check at start: whether the guard holds in this Haraka as it is set up. Gives the reason why not, as
 * one sentence with the way out.
 */
import type {
  HarakaMailItem,
  HarakaOutbound,
  HarakaOutboundConfig,
  HarakaPlugin,
  HarakaPlugins,
} from './haraka/types.js'

/** The methods of Haraka's queue items that the guard replaces. */
const REPLACED: readonly (keyof HarakaMailItem)[] = [
  'send_email_respond',
  'get_force_tls',
  'try_deliver',
  'try_deliver_host_on_socket',
  'deferred_respond',
  'bounce_respond',
  'double_bounce',
  'split_to_new_recipients',
]

/** Why the guard would not hold, or `null`. */
export function startProblem(plugin: HarakaPlugin): string | null {
  const { registered_hooks } = plugin.haraka_require('plugins') as HarakaPlugins
  const first = registered_hooks['send_email']?.[0]
  if (first?.plugin !== plugin.name)
    return (
      `the plugin ${first?.plugin ?? '?'} comes before it in the send_email hook and could let mail pass; ` +
      `put the line ${plugin.name} above ${first?.plugin ?? 'it'} in config/plugins`
    )
  const { cfg } = plugin.haraka_require('outbound/config') as HarakaOutboundConfig
  if (!cfg.enable_tls)
    return 'outbound.ini has enable_tls=false, so no mail could leave over TLS; set enable_tls=true or remove the line'
  const { HMailItem } = plugin.haraka_require('outbound') as HarakaOutbound
  const missing = REPLACED.filter(
    (method) => typeof (HMailItem.prototype as HarakaMailItem)[method] !== 'function',
  )
  if (missing.length > 0)
    return `this version of Haraka has no ${missing.join(', ')} in outbound/hmail.js; use Haraka 3.3 or a newer version of this plugin`
  return null
}
