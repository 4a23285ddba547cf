/** How a rule that decides for mail of others compares with these, as the end of a sentence. Pure. */
import { compareDemands, type Part } from '../rules/compare-demands.js'
import { NO_ACTION, type RelayWithTls } from '../rules/rule.js'
import { listed } from '../text/list.js'

/** What each part of a demand is, whatever the partner publishes. */
const NOUNS: Readonly<Record<string, string>> = {
  waits: 'something published by the partner',
  encrypted: 'TLS where the partner publishes nothing',
  dane: 'what signed TLSA records say',
  listed: 'what an MTA-STS policy says',
  trusted: 'a trusted certificate',
  host: 'a certificate that names the MX host',
  names: "a certificate that names the recipient's domain or a listed name",
  fingerprints: 'a certificate that the rule lists',
  version: 'TLS 1.3',
  onward: 'REQUIRETLS',
  trust: 'another trust',
  route: 'another way to the partner',
  direct: 'no gateway',
  unwaivable: 'TLS whatever its sender says (TLS-Required: No)',
}

/** Says it; "more" only of what demands all that each of the others did, and more. @param held what they demand */
export function formatInstead(held: readonly RelayWithTls[], action: RelayWithTls): string {
  const found = (held.length === 0 ? [NO_ACTION] : held).map((each) => compareDemands(each, action))
  const gained = nounsOf(found.flatMap((each) => each.gained))
  const lost = nounsOf(found.flatMap((each) => each.lost))
  if (lost.length === 0)
    return gained.length > 0 ? 'requires more' : 'requires the same, but treats failures in another way'
  if (gained.length === 0) return 'requires less'
  const kept = lost.filter((noun) => !gained.includes(noun))
  return `requires something else: ${listed(gained)}${kept.length > 0 ? `, and no longer ${listed(kept)}` : ''}`
}

function nounsOf(parts: readonly Part[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => NOUNS[part.split('@')[0] ?? ''] ?? []))]
}
