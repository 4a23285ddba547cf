/** The charts of a report's page: what each shows, as data and as a table. Pure. */
import { numbered } from '../text/list.js'
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
/** Names in one cell of a table. */
const NAMES_MAX = 8

/** The charts for which a report has data. */
export function chartsOf(report: DeliveryReport): Chart[] {
  return [days(report), versions(report), failures(report), partners(report), rules(report)].filter(
    ({ rows }) => rows.length > 0,
  )
}

function days({ days: list }: DeliveryReport): Chart {
  const delivered = list.reduce((sum, day) => sum + day.delivered, 0)
  const bounced = list.reduce((sum, day) => sum + day.bounced, 0)
  const waits = list.some((day) => day.wouldWait > 0)
  const asUsual = list.some((day) => day.asUsual > 0)
  const results = resultColumns(list, (day) => day)
  return {
    id: 'days',
    title: 'Messages per day',
    summary: `Over ${numbered(list.length, 'day')}: ${numbered(delivered, 'message')} delivered over TLS, ${bounced} bounced.`,
    // The month and the day are enough on an axis.
    data: bars(list, ({ date }) => date.slice(5), [
      ...results.bars,
      ...(asUsual ? [['TLS not required', 'second', (day: Day) => day.asUsual] as const] : []),
      ['would have bounced', 'warn', (day) => day.wouldBounce],
      ...(waits ? [['would have waited', 'quiet', (day: Day) => day.wouldWait] as const] : []),
    ]),
    head: [
      'day (UTC)',
      'TLS required',
      ...results.head,
      ...(asUsual ? ['TLS not required'] : []),
      'would have bounced',
      ...(waits ? ['would have waited'] : []),
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
  { of: 'rerouted', name: 'to a gateway', colour: 'second' },
  { of: 'released', name: 'released', colour: 'warn' },
  { of: 'other', name: 'unknown result', colour: 'quiet' },
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
      ['delivered', 'good', (each) => countsOf(each).delivered],
      ...rare.map(({ of, name, colour }): Bar<T> => [name, colour, (each) => countsOf(each)[of]]),
      ['waiting', 'quiet', (each) => countsOf(each).waiting],
      ['bounced', 'bad', (each) => countsOf(each).bounced + countsOf(each).kept],
    ],
    head: ['delivered', ...rare.map(({ name }) => name), 'waiting', 'bounced', 'kept'],
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
  const names = list.map(({ version }) => version ?? 'trusted next hop')
  return {
    id: 'versions',
    title: 'TLS versions of delivered messages',
    summary: list
      .map(({ messages }, index) => `${names[index] ?? ''} ${percent(messages, enforced.delivered)}`)
      .join(', '),
    data: {
      kind: 'doughnut',
      labels: names,
      series: [
        {
          label: 'messages',
          values: list.map(({ messages }) => messages),
          colour: names.map((name) =>
            name === 'TLSv1.3' ? 'good' : name === 'TLSv1.2' ? 'second' : 'quiet',
          ),
        },
      ],
    },
    head: ['version', 'messages', 'share'],
    rows: list.map(({ messages }, index) => [
      names[index] ?? '',
      messages,
      percent(messages, enforced.delivered),
    ]),
  }
}

function failures({ failures: list }: DeliveryReport): Chart {
  return {
    id: 'failures',
    title: 'Failed attempts by class',
    summary: list.map((failure) => `${failure.class} ${failure.attempts}`).join(', '),
    data: sideways(bars(list, (failure) => failure.class, [['attempts', 'bad', ({ attempts }) => attempts]])),
    head: ['class', 'attempts', 'partners'],
    rows: list.map((failure) => [
      failure.class,
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
    head: ['domain', 'TLS required', ...results.head, 'failed attempts'],
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
        ['would have been delivered', 'good', ({ reported }) => reported.wouldDeliver],
        ...(asUsual
          ? [['TLS not required', 'second', (rule: RuleReport) => rule.reported.wouldDeliverAsUsual] as const]
          : []),
        ['unknown', 'quiet', ({ reported }) => reported.unknown],
        ...(waits
          ? [['would have waited', 'warn', (rule: RuleReport) => rule.reported.wouldWait] as const]
          : []),
        ['would have bounced', waits ? 'bad' : 'warn', ({ reported }) => reported.wouldBounce],
      ]),
    ),
    head: [
      'rule',
      'messages',
      'would deliver',
      ...(asUsual ? ['TLS not required'] : []),
      'unknown',
      ...(waits ? ['would wait'] : []),
      'would bounce',
      'partners',
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
