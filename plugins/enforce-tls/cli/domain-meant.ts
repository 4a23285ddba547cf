/** Which domain the user of `enforce-tls domain` means. One that is mistyped is not made, and nothing is said of it as if it were there. */
import { domainNamed } from '../admin/set-service.js'
import { serviceDomainOf } from '../rules/owner.js'
import type { Context } from './context.js'
import { ownerHint } from './hints.js'
import { printWarning } from './output.js'
import { Refusal } from './refusal.js'

/** What is said where nothing is known of a domain. */
interface Unknown {
  /** What was not done, such as `removed`. */
  readonly done: string
  /** The beginning of a sentence that the command ends. */
  readonly way: string
  readonly command: string
}

/** A domain that has a switch or rules, its own or of its senders. @throws {Refusal} for another one. */
export async function knownDomain(
  { store }: Context,
  text: string,
  unknown: (domain: string) => Unknown,
): Promise<string> {
  const [services, owners] = await Promise.all([store.services(), store.owners()])
  const withRules = owners.flatMap((owner) => serviceDomainOf(owner) ?? [])
  const known = new Map([...withRules.map((domain) => [domain, ''] as const), ...services])
  const domain = domainNamed(text, known)
  if (known.has(domain)) return domain
  const { done, way, command } = unknown(domain)
  const hint = await ownerHint(store, domain)
  const sentence = `nothing is known of ${domain}, so nothing was ${done}`
  // What is hardly meant is not offered.
  throw hint === '' ? new Refusal([`${sentence}; ${way}:`], [command]) : new Refusal([`${sentence}${hint}`])
}

/** The domain that the user means, with all that have a switch; who may have mistyped a known one is told. */
export async function domainMeant(
  { store, output }: Context,
  text: string,
): Promise<{ readonly domain: string; readonly known: ReadonlyMap<string, string> }> {
  const known = await store.services()
  const domain = domainNamed(text, known)
  if (!known.has(domain)) {
    const hint = await ownerHint(store, domain)
    if (hint !== '') printWarning(output.terminal, `${domain} is new here${hint}`)
  }
  return { domain, known }
}
