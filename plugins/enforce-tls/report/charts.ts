/** The charts of a report's page: what each shows, as data and as a table. Pure. */
import { numbered } from '../text/list.js'
import { FAILURE_NAMES } from './failure-names.js'
import { percent } from './format.js'
import type { DeliveryReport, EnforcedCounts, RuleReport } from './delivery-report.js'
import { ruleLabel } from './rule-names.js'

/** What the page's script draws: `ChartData` of `console/pages/charts.ts`, as JSON. */
export interface ChartData {
  readonly kind: 'bar' | 'doughnut'
  readonly labels: readonly string[]
  readonly series: readonly {
    readonly label: string
    readonly values: readonly number[]
    /** Colours are names of the page's style, such as `good`. */
    readonly colour: string | readonly string[]
  }[]
  readonly horizontal?: boolean
}

/** A chart, and the same in a table. */
export interface Chart {
  readonly id: string
  readonly title: string
  /** What the chart shows, in a sentence. */
  readonly summary: string
  readonly data: ChartData
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** Partners beyond these are in the CSV. */
const PARTNERS_MAX = 15
/** Rules beyond these are in the JSON. */
const RULES_MAX = 50
/** More ciphers than servers agree on. */
const CIPHERS_MAX = 20
/** Names in one cell of a table. */
const NAMES_MAX = 8

/** The charts for which a report has data. */
export function chartsOf(report: DeliveryReport): Chart[] {
  return [
    days(report),
    versions(report),
    ciphers(report),
    failures(report),
    partners(report),
    rules(report),
  ].filter(({ rows }) => rows.length > 0)
}

function days({ days: list }: DeliveryReport): Chart {
  const delivered = list.reduce((sum, day) => sum + day.delivered, 0)
  const bounced = list.reduce((sum, day) => sum + day.bounced, 0)
  const waits = list.some((day) => day.wouldWait > 0)
  const asUsual = list.some((day) => day.asUsual > 0)
  const results = resultColumns(list, (day) => day)
  return {
    id: 'days',
    title: 'Messages by day',
    summary: `Over ${numbered(list.length, 'day')}: ${numbered(delivered, 'message')} delivered over TLS, ${bounced} bounced.`,
    // The month and the day are enough on an axis.
    data: bars(list, ({ date }) => date.slice(5), [
      ...results.bars,
      ...(asUsual ? [['TLS not required', 'second', (day: Day) => day.asUsual] as const] : []),
      ['Would have bounced', 'warn', (day) => day.wouldBounce],
      ...(waits ? [['Would have waited', 'quiet', (day: Day) => day.wouldWait] as const] : []),
    ]),
    head: [
      'Day (UTC)',
      'TLS required',
      ...results.head,
      ...(asUsual ? ['TLS not required'] : []),
      'Would have bounced',
      ...(waits ? ['Would have waited'] : []),
    ],
    rows: list.map((day) => [
      day.date,
      day.messages,
      ...results.cells(day),
      ...(asUsual ? [day.asUsual] : []),
      day.wouldBounce,
      ...(waits ? [day.wouldWait] : []),
    ]),
  }
}

type Day = DeliveryReport['days'][number]

/** Results that most reports have none of. */
const RARE = [
  { of: 'rerouted', name: 'Handed to a gateway', colour: 'second' },
  { of: 'released', name: 'Released', colour: 'warn' },
  { of: 'other', name: 'Unknown result', colour: 'quiet' },
] as const

/** Results of messages that require TLS, for a chart and its table; those that are rare only where there are some. */
function resultColumns<T>(
  list: readonly T[],
  countsOf: (each: T) => EnforcedCounts,
): {
  readonly bars: readonly Bar<T>[]
  readonly head: readonly string[]
  readonly cells: (each: T) => readonly number[]
} {
  const rare = RARE.filter(({ of }) => list.some((each) => countsOf(each)[of] > 0))
  return {
    bars: [
      ['Delivered over TLS', 'good', (each) => countsOf(each).delivered],
      ...rare.map(({ of, name, colour }): Bar<T> => [name, colour, (each) => countsOf(each)[of]]),
      ['Waiting', 'quiet', (each) => countsOf(each).waiting],
      ['Bounced', 'bad', (each) => countsOf(each).bounced + countsOf(each).kept],
    ],
    head: ['Delivered over TLS', ...rare.map(({ name }) => name), 'Waiting', 'Bounced', 'Kept'],
    cells: (each) => {
      const counts = countsOf(each)
      return [
        counts.delivered,
        ...rare.map(({ of }) => counts[of]),
        counts.waiting,
        counts.bounced,
        counts.kept,
      ]
    },
  }
}

function versions({ versions: list, enforced }: DeliveryReport): Chart {
  const names = list.map(({ version }) => version?.replace('TLSv', 'TLS ') ?? 'trusted next hop')
  return {
    id: 'versions',
    title: 'TLS versions',
    summary: list
      .map(({ messages }, index) => `${names[index] ?? ''} ${percent(messages, enforced.delivered)}`)
      .join(', '),
    data: {
      kind: 'bar',
      labels: names,
      series: [
        {
          label: 'Messages',
          values: list.map(({ messages }) => messages),
          colour: list.map(({ version }) =>
            version === 'TLSv1.3' ? 'good' : version === 'TLSv1.2' ? 'second' : 'quiet',
          ),
        },
      ],
      horizontal: true,
    },
    head: ['Version', 'Messages', 'Share'],
    rows: list.map(({ messages }, index) => [
      names[index] ?? '',
      messages,
      percent(messages, enforced.delivered),
    ]),
  }
}

function ciphers({ ciphers: list }: DeliveryReport): Chart {
  const shown = list.slice(0, CIPHERS_MAX)
  const more = list.length - shown.length
  return {
    id: 'ciphers',
    title: 'Ciphers',
    summary: `Of messages delivered over TLS${more > 0 ? `; the JSON has ${more} more` : ''}.`,
    data: sideways(bars(shown, ({ cipher }) => cipher, [['Messages', 'second', ({ messages }) => messages]])),
    head: ['Cipher', 'Messages', 'Share'],
    rows: shown.map(({ cipher, messages, share }) => [cipher, messages, percent(share, 1)]),
  }
}

function failures({ failures: list }: DeliveryReport): Chart {
  const nameOf = (failure: { readonly class: string }): string =>
    FAILURE_NAMES[failure.class] ?? failure.class
  return {
    id: 'failures',
    title: 'Why TLS failed',
    summary:
      'Messages with at least one such attempt, whatever became of them. A message can have failed for several reasons.',
    data: sideways(bars(list, nameOf, [['Messages', 'bad', ({ messages }) => messages]])),
    head: ['Reason', 'Messages', 'Attempts', 'Partners'],
    rows: list.map((failure) => [
      nameOf(failure),
      failure.messages,
      failure.attempts,
      named(failure.partners, ({ domain, attempts }) => `${domain} (${attempts})`),
    ]),
  }
}

function partners({ partners: all }: DeliveryReport): Chart {
  const list = all.filter(({ enforced }) => enforced.messages > 0).slice(0, PARTNERS_MAX)
  const more = all.length - list.length
  const results = resultColumns(list, ({ enforced }) => enforced)
  return {
    id: 'partners',
    title: 'Partners',
    summary: `Results of messages that require TLS, for the partners with the most messages${more > 0 ? `; the CSV has ${more} more` : ''}.`,
    data: sideways(bars(list, ({ domain }) => domain, results.bars)),
    head: ['Partner', 'TLS required', ...results.head, 'Failed attempts'],
    rows: list.map((each) => [
      each.domain,
      each.enforced.messages,
      ...results.cells(each),
      Object.values(each.failures).reduce((sum, count) => sum + count, 0),
    ]),
  }
}

function rules({ rules: all }: DeliveryReport): Chart {
  const list = all.slice(0, RULES_MAX)
  const more = all.length - list.length
  const waits = list.some(({ reported }) => reported.wouldWait > 0)
  const asUsual = list.some(({ reported }) => reported.wouldDeliverAsUsual > 0)
  return {
    id: 'rules',
    title: 'Rules in report mode',
    summary: `What would have happened to messages that match these rules${more > 0 ? `; the JSON has ${more} more` : ''}.`,
    data: sideways(
      bars(list, ruleLabel, [
        ['Would have been delivered', 'good', ({ reported }) => reported.wouldDeliver],
        ...(asUsual
          ? [['TLS not required', 'second', (rule: RuleReport) => rule.reported.wouldDeliverAsUsual] as const]
          : []),
        ['Unknown', 'quiet', ({ reported }) => reported.unknown],
        ...(waits
          ? [['Would have waited', 'warn', (rule: RuleReport) => rule.reported.wouldWait] as const]
          : []),
        ['Would have bounced', waits ? 'bad' : 'warn', ({ reported }) => reported.wouldBounce],
      ]),
    ),
    head: [
      'Rule',
      'Messages',
      'Would deliver',
      ...(asUsual ? ['TLS not required'] : []),
      'Unknown',
      ...(waits ? ['Would wait'] : []),
      'Would bounce',
      'Partners',
    ],
    rows: list.map((rule) => [
      ruleLabel(rule),
      rule.reported.messages,
      rule.reported.wouldDeliver,
      ...(asUsual ? [rule.reported.wouldDeliverAsUsual] : []),
      rule.reported.unknown,
      ...(waits ? [rule.reported.wouldWait] : []),
      rule.reported.wouldBounce,
      named(rule.partners, ({ domain, wouldBounce, wouldWait }) => `${domain} (${wouldBounce + wouldWait})`),
    ]),
  }
}

/** Some of many, in one cell. */
function named<T>(all: readonly T[], nameOf: (each: T) => string): string {
  const rest = all.length - NAMES_MAX
  return all.slice(0, NAMES_MAX).map(nameOf).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** One series of a bar chart. */
type Bar<T> = readonly [label: string, colour: string, valueOf: (each: T) => number]

function bars<T>(list: readonly T[], labelOf: (each: T) => string, series: readonly Bar<T>[]): ChartData {
  return {
    kind: 'bar',
    labels: list.map(labelOf),
    series: series.map(([label, colour, valueOf]) => ({ label, colour, values: list.map(valueOf) })),
  }
}

function sideways(data: ChartData): ChartData {
  return { ...data, horizontal: true }
}
