/** What is said in the log at start about mail that other plugins of this Haraka may send. */
import type { HarakaPlugin } from '../haraka/types.js'
import { isLoaded } from '../haraka/plugins.js'
import { sendersIn } from '../haraka/queue-plugins.js'
import type { Settings } from '../settings/types.js'
import { listed } from '../text/list.js'

/** A remark, and whether it is a warning. */
export interface StartRemark {
  readonly text: string
  readonly isWarning: boolean
}

/** What holds here for mail that another plugin may send; none where there is no such plugin. */
export function startRemarks(plugin: HarakaPlugin, settings: Settings['main']): StartRemark[] {
  const remarks: StartRemark[] = []
  const say = (text: string, isWarning = false) => remarks.push({ text, isWarning })
  const outgoing = sendersIn(plugin, 'queue_outbound')
  if (outgoing.length > 0)
    say(
      `covered mail that Haraka relays goes through its outbound queue and not to ${listed(outgoing)}; other mail is delivered as usual`,
    )
  const forwarding = sendersIn(plugin, 'queue')
  if (forwarding.length > 0) say(forwardedRemark(listed(forwarding), settings))
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
