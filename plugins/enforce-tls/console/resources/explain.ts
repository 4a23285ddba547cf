/** What would happen to a message, and why; also with a rule that is not saved yet. */
import { checkedRule } from '../../admin/write-rule.js'
import type { MailAddress } from '../../rules/address.js'
import { addressIn } from '../../rules/spelling.js'
import { explain } from '../../rules/explain.js'
import type { Explanation } from '../../rules/explanation.js'
import { explanationData } from '../../rules/explanation-data.js'
import { asQueued, HEADER_BYTES_MAX, HeaderBlock } from '../../rules/header-block.js'
import type { MessageView } from '../../rules/match.js'
import { Unreadable } from '../../rules/entry-problem.js'
import type { StoredGroups } from '../../rules/group.js'
import type { OwnerParts } from '../../rules/owner-entries.js'
import { readable, readOwnerParts } from '../../policy/read-parts.js'
import { formatFlaw } from '../../rules/format-problem.js'
import { ownersOf } from '../../rules/owner.js'
import { WAIVER_EFFECTS, waiverOf, type Waiver } from '../../requiretls/waiver.js'
import { quote } from '../../text/quote.js'
import type { Direction } from '../../rules/rule.js'
import { inPieces } from '../../work/turns.js'
import { maySee } from '../auth/permission.js'
import { visibleOwner } from '../owner-access.js'
import { notFound, Problem } from '../problem.js'
import { route, type Call, type Schema } from '../route.js'
import { shownTaking } from '../taken.js'
import { count, draft, flag, list, nullable, object, shortText, text } from '../schemas.js'
import { placedRules } from '../stored-rules.js'

export interface ExplainBody {
  readonly from: string
  readonly to: string
  readonly direction?: Direction
  readonly header?: string
  readonly rule?: {
    readonly owner: string
    readonly id?: string
    readonly rule: Readonly<Record<string, unknown>>
  }
}

/** Rules of a list that an answer names at most: an owner may have as many as there is room for. */
const NAMED_MAX = 1000

/** The id of a rule that is not saved yet. */
const UNSAVED = 'unsaved'

const decidedBy = object({ owner: text, id: text, name: text })
const requirement: Schema = {
  type: 'object',
  required: ['level', 'encrypted'],
  properties: {
    level: text,
    encrypted: {
      ...flag,
      description:
        'Whether TLS is required in any case; false where mail may leave in the clear to a partner that publishes nothing.',
    },
  },
}
export const explanation: Schema = object(
  {
    from: text,
    to: text,
    direction: text,
    waits: {
      ...flag,
      description:
        'Whether the requirement is unknown, and the message waits, because of entries that are not valid; a Haraka that has read a valid version of them goes by that one.',
    },
    requirement: nullable(requirement),
    decidedBy: list(decidedBy),
    reported: list(requirement),
    certain: {
      ...flag,
      description: 'Whether the same is required whatever the header of the message says.',
    },
    dependsOn: {
      ...list(object({ owner: text, id: text, name: text, fields: list(text) }), NAMED_MAX),
      description: 'The rules that could change it, with the header fields that they look at.',
    },
    dependsOnLeft: { ...count, description: 'How many more there are.' },
    owners: list(
      object({
        owner: text,
        awake: flag,
        problems: list(object({ key: nullable(text), field: nullable(text), problem: text, effect: text })),
        rules: list(
          object({
            id: text,
            name: text,
            position: { type: 'integer' },
            state: text,
            part: nullable(text),
            fields: list(
              object(
                {
                  field: text,
                  met: nullable(flag),
                  value: nullable(text),
                  why: { ...text, description: 'Why it is unknown, though the header was given.' },
                },
                'why',
              ),
            ),
          }),
          NAMED_MAX,
        ),
        rulesLeft: {
          ...count,
          description: 'How many rules are left out; those with a part in the answer are named first.',
        },
      }),
    ),
    waiver: {
      ...nullable(object({ effect: { type: 'string', enum: WAIVER_EFFECTS }, sentence: text })),
      description:
        'What TLS-Required: No in the header comes to: frees the message of what the rule requires, would but for honour_no=false (off), is there in vain, or only changes what report mode records; null where it is not there.',
    },
    reportOnly: flag,
    forwardedMail: {
      type: 'string',
      enum: ['incoming', 'outgoing'],
      description: 'Whether outgoing rules cover mail for local recipients that another plugin hands on.',
    },
    notTaken: {
      ...text,
      description:
        'Why Haraka takes no rules from this store, where that is so: the rest is by this store alone, and what happens is unknown.',
    },
  },
  'notTaken',
)

/** The question about a message. */
export const explainBody = {
  properties: {
    from: { ...shortText, description: 'The envelope sender; empty or <> for the null sender.' },
    to: shortText,
    direction: { type: 'string', enum: ['outgoing', 'incoming'] },
    header: { type: 'string', maxLength: HEADER_BYTES_MAX },
    rule: {
      ...object({ owner: shortText, id: shortText, rule: draft }, 'id'),
      description: 'Taken as if it were saved, and on; with an id, in the place of that rule.',
    },
  },
  optional: ['direction', 'header', 'rule'],
} as const

export const explainRoutes = [
  route<ExplainBody>({
    method: 'post',
    path: '/explain',
    operationId: 'explain',
    summary: 'What would happen to a message, and why; rules that you may not see are not named.',
    needs: 'reader',
    body: object(explainBody.properties, ...explainBody.optional),
    answers: { 200: explanation },
    handle: async (call) => ({ body: (await explained(call)).shown }),
  }),
]

interface Explained {
  readonly message: MessageView
  readonly found: Explanation
  /** Whether Haraka takes its rules from the store that they were read from. */
  readonly taken: boolean
  readonly waiver: Waiver | null
  readonly shown: object
}

/** What the rules say of a message, and as much of it as whoever asks may see. */
export async function explained(call: Call<ExplainBody>): Promise<Explained> {
  const { context, identity, body } = call
  const message = messageOf(body)
  const mine = message.direction === 'outgoing' ? message.sender : message.recipient
  const owners = ownersOf(mine)
  if (!owners.some((owner) => maySee(identity, owner)))
    throw notFound(`mail of ${quote(message.direction === 'outgoing' ? body.from : body.to)}`)
  const [groups, stored] = await Promise.all([
    readable(context.store.groups()),
    Promise.all(owners.map((owner) => readOwnerParts(context.store, owner))),
  ])
  const parts = body.rule === undefined ? stored : await withUnsaved(call, stored, groups)
  const found = await inPieces(explain(parts, groups, message))
  const { main, requiretls } = context.settings()
  const { reportOnly, forwardedMail } = main
  const waiver = waiverOf(message, found.ruling, requiretls.honourNo)
  const { problem } = await shownTaking(call)
  const taken = problem === null
  const untaken = taken ? {} : { certain: false, notTaken: problem }
  const data = redacted(call, explanationData(message, found))
  return { message, found, taken, waiver, shown: { ...data, waiver, reportOnly, forwardedMail, ...untaken } }
}

async function withUnsaved(
  call: Call<ExplainBody>,
  stored: readonly OwnerParts[],
  groups: StoredGroups | Unreadable,
): Promise<readonly OwnerParts[]> {
  const { rule: unsaved } = call.body
  if (unsaved === undefined) return stored
  const owner = visibleOwner(call, unsaved.owner)
  const parts = stored.find((each) => each.owner === owner)
  if (parts === undefined || parts.rules instanceof Unreadable) return stored
  const placed = await inPieces(placedRules({ rules: parts.rules }))
  const last = placed.findLast(({ position }) => position !== Infinity)?.position ?? 0
  const draftRule = { direction: 'outgoing', position: last + 1, ...unsaved.rule, enabled: true }
  const known = groups instanceof Unreadable ? new Map<string, string>() : groups
  const rule = await checkedRule(draftRule, { groups: known })
  const rules = new Map(parts.rules).set(unsaved.id ?? UNSAVED, JSON.stringify(rule))
  return stored.map((each) => (each === parts ? { ...parts, rules } : each))
}

function messageOf({ from, to, direction = 'outgoing', header }: ExplainBody): MessageView {
  const sender = /^(?:<>)?$/.test(from) ? { local: '', domain: '' } : addressOf('from', from)
  return {
    direction,
    sender,
    recipient: addressOf('to', to),
    headers: header === undefined ? undefined : new HeaderBlock(asQueued(header)),
    now: Date.now(),
  }
}

/** @throws {Problem} 422 for a text that is no address. */
function addressOf(field: string, given: string): MailAddress {
  const parsed = addressIn(given)
  if ('address' in parsed) return parsed.address
  throw new Problem(422, 'invalid', formatFlaw({ value: given, ...parsed }), {
    field,
    value: given,
    suggestion: parsed.suggestion,
  })
}

/** What holds for a message is told to its sender's administrator; whose rule it is, only where they may see it. */
function redacted({ identity }: Call, data: ReturnType<typeof explanationData>): object {
  const seen = <T extends { readonly owner: string; readonly name?: string }>(rule: T): T =>
    maySee(identity, rule.owner) ? rule : { ...rule, id: '', name: 'a rule of the whole service' }
  return {
    ...data,
    decidedBy: data.decidedBy.map(seen),
    // What the rules of others look at is not told.
    dependsOn: data.dependsOn
      .slice(0, NAMED_MAX)
      .map((rule) => (maySee(identity, rule.owner) ? rule : { ...seen(rule), fields: [] })),
    dependsOnLeft: Math.max(0, data.dependsOn.length - NAMED_MAX),
    reported: data.reported.map((requirement) => ({
      ...requirement,
      decidedBy: requirement.decidedBy.map(seen),
    })),
    owners: data.owners
      .filter(({ owner }) => maySee(identity, owner))
      .map(({ rules, ...owner }) => ({
        ...{ ...owner, rules: named(rules) },
        rulesLeft: Math.max(0, rules.length - NAMED_MAX),
      })),
  }
}

/** Those with a part in the answer, and the first of the others; in their order. */
function named<T extends { readonly part: unknown }>(rules: readonly T[]): readonly T[] {
  if (rules.length <= NAMED_MAX) return rules
  const [involved, others] = [true, false].map((has) => rules.filter(({ part }) => (part !== null) === has))
  const chosen = new Set([...(involved ?? []), ...(others ?? [])].slice(0, NAMED_MAX))
  return rules.filter((rule) => chosen.has(rule))
}
