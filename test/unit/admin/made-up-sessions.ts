/** Messages and sessions that tell apart what made-up rules require, for fast-check. */
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import type { MessageView } from '../../../plugins/enforce-tls/rules/match.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import { RuleList } from '../../../plugins/enforce-tls/rules/rule-list.js'
import { isWaivable } from '../../../plugins/enforce-tls/rules/waivable.js'
import type { ReadStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { atOnce } from '../../../plugins/enforce-tls/work/pieces.js'
import { FINGERPRINTS, OWNERS } from './made-up-changes.js'

const RECIPIENTS = [
  'cfo@bank.example',
  'x@bank.example',
  'x@sub.bank.example',
  'x@other.example',
  'x@far.invalid',
]
const HEADERS = ['Subject: x\nX-Class: secret', 'Subject: x', 'Subject: y\nX-Class: secret', 'Subject: y']
const address = (text: string) => {
  const [local = '', domain = ''] = text.split('@')
  return { local, domain }
}
export const MESSAGES: readonly MessageView[] = [
  Date.now(),
  Date.parse('2045-01-01T00:00:00Z'),
  Date.parse('2055-01-01T00:00:00Z'),
].flatMap((now) =>
  HEADERS.flatMap((header) =>
    ['ann@acme.example', 'bob@acme.example'].flatMap((own) =>
      RECIPIENTS.flatMap((theirs) =>
        (['outgoing', 'incoming'] as const).map((direction) => {
          const [sender, recipient] = direction === 'outgoing' ? [own, theirs] : [theirs, own]
          const headers = new HeaderBlock(`${header}\n\n`)
          return { direction, sender: address(sender), recipient: address(recipient), headers, now }
        }),
      ),
    ),
  ),
)

/** What is published there, and whether the session fulfils it. */
const PUBLISHED = ['fulfilled', 'broken', 'nothing'] as const
/** Whether the server has it, and whether the message is handed on with it. */
const REQUIRETLS = ['no', 'offered', 'used'] as const
const BOTH = [false, true]

const ALL_KINDS = BOTH.flatMap((encrypted) =>
  ['TLSv1.2', 'TLSv1.3'].flatMap((version) =>
    BOTH.flatMap((trusted) =>
      ['', 'mx.else.example', 'mx.other.example', 'domain'].flatMap((name) =>
        ['', ...FINGERPRINTS].flatMap((fingerprint) =>
          PUBLISHED.flatMap((tlsa) =>
            PUBLISHED.flatMap((policy) =>
              REQUIRETLS.flatMap((requiretls) =>
                BOTH.map((waived) => ({
                  ...{ encrypted, version, trusted, name, fingerprint, tlsa, policy, requiretls, waived },
                })),
              ),
            ),
          ),
        ),
      ),
    ),
  ),
)

/** Sessions that tell all these requirements apart, and none; one without encryption has nothing else, either. */
const SESSIONS = ALL_KINDS.filter(
  ({ encrypted, version, trusted, name, fingerprint, requiretls }) =>
    encrypted ||
    (version === 'TLSv1.2' && !trusted && name === '' && fingerprint === '' && requiretls === 'no'),
)
type Session = (typeof SESSIONS)[number]

/** A policy wants a trusted certificate for the host; TLSA records vouch for theirs alone. */
function fulfilsPublished(session: Session, { by, otherwise, isOnward }: Requirement['published'][number]) {
  const { encrypted, trusted, name, tlsa, policy } = session
  const isTrusted = encrypted && trusted && name !== ''
  if (by !== 'mta-sts' && tlsa !== 'nothing')
    return encrypted && tlsa === 'fulfilled' && (by === 'dane' || policy !== 'broken')
  if (by !== 'dane' && policy !== 'nothing') return isTrusted && policy === 'fulfilled'
  if (isOnward) return isTrusted
  return otherwise === 'none' || (otherwise === 'encrypt' && encrypted)
}

function fulfils(session: Session, requirement: Requirement, domain: string): boolean {
  if (session.waived && isWaivable(requirement)) return true
  const { encrypted, version, trusted, name, fingerprint, requiretls } = session
  const { minVersion = 'TLSv1.2', onward } = requirement
  return (
    requirement.published.every((demand) => fulfilsPublished(session, demand)) &&
    (encrypted || !requirement.encrypted) &&
    (!encrypted || version >= minVersion) &&
    (trusted || !requirement.trusted) &&
    (name !== '' || !requirement.namesHost) &&
    (onward !== 'must' || requiretls === 'used') &&
    (onward !== 'offered' || requiretls !== 'offered') &&
    requirement.namesAnyOf.every((each) => each.includes(name === 'domain' ? domain : name)) &&
    requirement.fingerprintsAnyOf.every((each) => each.includes(fingerprint))
  )
}

const known = new Map<string, readonly boolean[]>()
const judged = new Map<readonly boolean[], Map<readonly boolean[], boolean>>()
const ALL = SESSIONS.map(() => true)

/** Which of the sessions fulfil it; a session at a host may be waived by the sender of its message. */
export function satisfied(requirement: Requirement | null, domain: string): readonly boolean[] {
  if (requirement === null) return ALL
  const key = domain + JSON.stringify({ ...requirement, decidedBy: [] })
  const found = known.get(key) ?? SESSIONS.map((session) => fulfils(session, requirement, domain))
  known.set(key, found)
  return found
}

/** Whether an unencrypted session satisfies the second that does not satisfy the first, and that no sender waives. */
export function isClearer(first: readonly boolean[], second: readonly boolean[]): boolean {
  return SESSIONS.some(
    ({ encrypted, waived }, index) => !encrypted && !waived && second[index] && !first[index],
  )
}

/** Whether something satisfies the second that does not satisfy the first. */
export function isLess(first: readonly boolean[], second: readonly boolean[]): boolean {
  if (first === second) return false
  const of = judged.get(first) ?? new Map<readonly boolean[], boolean>()
  judged.set(first, of)
  const found = of.get(second) ?? second.some((fulfilled, index) => fulfilled && first[index] === false)
  of.set(second, found)
  return found
}

/** The rules of all owners, compiled. */
export async function listsOf(
  store: Pick<ReadStore, 'readOwner' | 'groups'>,
): Promise<ReadonlyMap<string, RuleList>> {
  const groups = await store.groups()
  const compiled = new Map<string, RuleList>()
  for (const of of OWNERS) compiled.set(of, atOnce(RuleList.compile(await store.readOwner(of), groups)))
  return compiled
}
