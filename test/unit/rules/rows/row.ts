/** How a row of the decision table is written: rules by owner, a message, and what is decided. */
import {
  comparableDomain,
  comparableLocal,
  type MailAddress,
} from '../../../../plugins/enforce-tls/rules/address.js'
import { decide } from '../../../../plugins/enforce-tls/rules/decide.js'
import { explain } from '../../../../plugins/enforce-tls/rules/explain.js'
import type { Explanation } from '../../../../plugins/enforce-tls/rules/explanation.js'
import { HeaderBlock } from '../../../../plugins/enforce-tls/rules/header-block.js'
import type { MessageView } from '../../../../plugins/enforce-tls/rules/match.js'
import { ownersOf } from '../../../../plugins/enforce-tls/rules/owner.js'
import { RuleList, type OwnerEntries, type Ruling } from '../../../../plugins/enforce-tls/rules/rule-list.js'
import type { Criteria, Rule } from '../../../../plugins/enforce-tls/rules/rule.js'
import { atOnce } from '../../../../plugins/enforce-tls/work/pieces.js'

/** A rule of a row: its level and criteria, and whatever else is not as usual. */
export interface RuleSpec extends Partial<
  Pick<Rule, 'enabled' | 'mode' | 'position' | 'direction' | 'startsAt' | 'expiresAt'>
> {
  readonly id?: string
  /** @default encrypt */
  readonly level?: string
  readonly action?: object
  readonly criteria: Criteria
}

/** A message, and what the rules make of it. */
export interface Row {
  readonly what: string
  /** Rules of acme.example, or rules by owner. Ids are r1, r2, … in the order of the list. */
  readonly rules: readonly RuleSpec[] | Readonly<Record<string, readonly RuleSpec[]>>
  /** @default { courts: ['court.example', '.court.example', 'clerk@city.example'] } */
  readonly groups?: Readonly<Record<string, unknown>>
  /** Domains whose service is off. */
  readonly asleep?: readonly string[]
  /** @default ann@acme.example */
  readonly from?: string
  /** @default cfo@bank.example */
  readonly to?: string
  /** Header lines; joined by CRLF. */
  readonly header?: readonly string[]
  /** @default outgoing */
  readonly direction?: 'outgoing' | 'incoming'
  /** @default 2026-03-01T12:00:00Z */
  readonly now?: string
  /** Level and deciding rules, such as `secure by *r1, r2`; the rules of acme.example have no owner before them. */
  readonly is: string
  /** Rules that only report, in order. @default none */
  readonly reports?: string
}

export const to = (...matchesAny: string[]): Criteria => ({ to: { matchesAny } })
export const notTo = (...matchesNone: string[]): Criteria => ({ to: { matchesNone } })
export const from = (...matchesAny: string[]): Criteria => ({ from: { matchesAny } })
export const notFrom = (...matchesNone: string[]): Criteria => ({ from: { matchesNone } })
export const subject = (...matchesAny: string[]): Criteria => ({ subject: { matchesAny } })
export const notSubject = (...matchesNone: string[]): Criteria => ({ subject: { matchesNone } })
export const header = (name: string, ...matchesAny: string[]): Criteria => ({
  header: [{ name, matchesAny }],
})
export const notHeader = (name: string, ...matchesNone: string[]): Criteria => ({
  header: [{ name, matchesNone }],
})

/** A rule with these criteria, at level encrypt unless the last argument says otherwise. */
export function when(criteria: Criteria, more: Omit<RuleSpec, 'criteria'> = {}): RuleSpec {
  return { ...more, criteria }
}

const COURTS = { courts: ['court.example', '.court.example', 'clerk@city.example'] }

/** What a row's rules and message are to the code. */
export function setUp(row: Row): {
  readonly entries: readonly OwnerEntries[]
  readonly groups: ReadonlyMap<string, string>
  readonly message: MessageView
} {
  const { from = 'ann@acme.example', to: recipient = 'cfo@bank.example', direction = 'outgoing' } = row
  const message = {
    direction,
    sender: address(from),
    recipient: address(recipient),
    headers: row.header && new HeaderBlock([...row.header, '', 'X-Body: not a header'].join('\r\n')),
    now: Date.parse(row.now ?? '2026-03-01T12:00:00Z'),
  }
  const rules = isList(row.rules) ? { 'acme.example': row.rules } : row.rules
  const owners = ownersOf(direction === 'outgoing' ? message.sender : message.recipient)
  const entries = owners.map((owner) => ({
    owner,
    service: JSON.stringify({
      enabled: !(row.asleep ?? []).includes(owner.slice(owner.lastIndexOf('@') + 1)),
    }),
    rules: new Map(
      (rules[owner] ?? []).map((spec, index) => [spec.id ?? `r${index + 1}`, stored(spec, index)]),
    ),
  }))
  const groups = Object.entries(row.groups ?? COURTS)
  return { entries, groups: new Map(groups.map(([name, value]) => [name, JSON.stringify(value)])), message }
}

/** The verdict as a delivery gets it, in the words of a row. */
export function decided(row: Row): { is: string; reports: string } {
  const { entries, groups, message } = setUp(row)
  return inWords(
    atOnce(
      decide(
        entries.map((owner) => atOnce(RuleList.compile(owner, groups))),
        message,
      ),
    ),
  )
}

/** The explanation of the same. */
export function explained(row: Row): Explanation {
  const { entries, groups, message } = setUp(row)
  return atOnce(explain(entries, groups, message))
}

/** A verdict in the words of a row. */
export function inWords({ requirement, reported }: Ruling): { is: string; reports: string } {
  const by = (rules: readonly { owner: string; id: string }[]) =>
    rules.map(({ owner, id }) => (owner === 'acme.example' ? id : `${owner} ${id}`)).join(', ')
  return {
    is: requirement ? `${requirement.level} by ${by(requirement.decidedBy)}` : 'nothing',
    reports: by(reported.flatMap(({ decidedBy }) => decidedBy)),
  }
}

function stored({ id, level = 'encrypt', action, criteria, ...more }: RuleSpec, index: number): string {
  return JSON.stringify({
    name: id ?? `Rule ${index + 1}`,
    direction: 'outgoing',
    enabled: true,
    position: index + 1,
    ...more,
    criteria,
    actions: { relayWithTls: { level, ...action } },
  })
}

function isList(rules: Row['rules']): rules is readonly RuleSpec[] {
  return Array.isArray(rules)
}

function address(text: string): MailAddress {
  const at = text.lastIndexOf('@')
  return {
    local: comparableLocal(text.slice(0, Math.max(at, 0))),
    domain: comparableDomain(text.slice(at + 1)),
  }
}
