/**
 * The hosts that mail for a domain goes to, as Haraka finds them: its own library asks DNS, and what the
 * answers mean is what Haraka 3.3.4 makes of them (`outbound/hmail.js`).
 */
import type { HarakaMx } from '../haraka/types.js'
import { otherFailure, DIRECTORY_FAILURE, type AttemptFailure } from '../delivery/outcome.js'
import { withName } from '../delivery/next-hop.js'
import type { MailNetwork, CheckRequest } from './types.js'

/** The hosts by name and by address, or why there are none. */
export type FoundHosts =
  | {
      readonly named: readonly HarakaMx[]
      readonly resolved: readonly HarakaMx[]
      /** Hosts without an address, with the reason, where that is known. */
      readonly lost?: readonly { readonly host: string; readonly failure: AttemptFailure }[]
    }
  | {
      readonly failure: AttemptFailure
      /** Haraka's own words for it in a bounce; absent where it bounces for nothing of the kind. */
      readonly bounces?: string
    }

/** RFC 3463 X.1.2: bad destination system address. */
const NO_SUCH_SYSTEM = '1.2'
/** RFC 7505 section 4.2. */
const NULL_MX = '1.10'

/** Finds the hosts of a domain, or the addresses of the one that is checked instead. Never rejects. */
export async function findHosts(
  { domain, mx, signal }: Pick<CheckRequest, 'domain' | 'mx' | 'signal'>,
  { hostsOf, addressesOf }: MailNetwork,
): Promise<FoundHosts> {
  try {
    const named = mx
      ? [{ exchange: mx.host, port: mx.port }]
      : withName(await within(signal, hostsOf(domain)))
    const [first] = named
    if (!first) return noMailServer(domain)
    if (named.length === 1 && first.priority === 0 && first.exchange === '') return nullMx(domain)
    // Haraka shuffles hosts of the same priority; here they keep their place, so that two checks can be compared.
    const ordered = [...named].sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0))
    return { named: ordered, resolved: await within(signal, addressesOf(ordered)) }
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    const detail = `DNS lookup of the mail servers of ${domain} failed: ${code ?? message}`
    return { failure: otherFailure(detail, { status: DIRECTORY_FAILURE }) }
  }
}

/** The answer, unless the signal comes first. */
async function within<T>(signal: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  if (!signal) return answer
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new Error('no answer in time'))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
  })
  try {
    return await Promise.race([answer, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The domain has no mail server. */
export function noMailServer(
  domain: string,
  bounces = `Nowhere to deliver mail to for domain: ${domain}`,
): FoundHosts {
  return noMail(
    `${domain} has no mail server: DNS has neither an MX record nor an address for it`,
    NO_SUCH_SYSTEM,
    bounces,
  )
}

/** The domain says that it takes no mail. */
export function nullMx(domain: string): FoundHosts {
  return noMail(
    `${domain} accepts no mail, as its MX record says (RFC 7505)`,
    NULL_MX,
    `Domain ${domain} sends and receives no email (NULL MX)`,
  )
}

function noMail(detail: string, status: string, bounces: string): FoundHosts {
  return { failure: otherFailure(detail, { temporary: false, status }), bounces }
}
