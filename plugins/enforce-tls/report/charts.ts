/** The charts of a report's page: what each shows, as data and as a table. Pure. */
import { listed, numbered } from '../text/list.js'
import { percent } from './format.js'
import type { DeliveryReport, PartnerReport, RuleReport } from './delivery-report.js'

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
  const rerouted = list.some((day) => day.rerouted > 0)
  return {
    id: 'days',
    title: 'Messages per day',
    summary: `Over ${numbered(list.length, 'day')}: ${numbered(delivered, 'message')} delivered over TLS, ${bounced} bounced.`,
    // The month and the day are enough on an axis.
    data: bars(list, ({ date }) => date.slice(5), [
      ['delivered', 'good', (day) => day.delivered],
      ['waiting', 'quiet', (day) => day.waiting],
      ['bounced', 'bad', (day) => day.bounced + day.kept],
      ...(rerouted ? [['to a gateway', 'second', (day: Day) => day.rerouted] as const] : []),
      ...(asUsual ? [['TLS not required', 'second', (day: Day) => day.asUsual] as const] : []),
      ['would have bounced', 'warn', (day) => day.wouldBounce],
      ...(waits ? [['would have waited', 'quiet', (day: Day) => day.wouldWait] as const] : []),
    ]),
    head: [
      'day (UTC)',
      'TLS required',
      'delivered',
      'waiting',
      'bounced',
      'kept',
      ...(rerouted ? ['to a gateway'] : []),
      ...(asUsual ? ['TLS not required'] : []),
      'would have bounced',
      ...(waits ? ['would have waited'] : []),
    ],
    rows: list.map((day) => [
      day.date,
      day.messages,
      day.delivered,
      day.waiting,
      day.bounced,
      day.kept,
      ...(rerouted ? [day.rerouted] : []),
      ...(asUsual ? [day.asUsual] : []),
      day.wouldBounce,
      ...(waits ? [day.wouldWait] : []),
    ]),
  }
}

type Day = DeliveryReport['days'][number]

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
      listed(
        failure.partners.map(({ domain, attempts }) => `${domain} (${attempts})`),
        NAMES_MAX,
      ),
    ]),
  }
}

function partners({ partners: all }: DeliveryReport): Chart {
  const list = all.filter(({ enforced }) => enforced.messages > 0).slice(0, PARTNERS_MAX)
  const more = all.length - list.length
  const rerouted = list.some(({ enforced }) => enforced.rerouted > 0)
  return {
    id: 'partners',
    title: 'Partners',
    summary: `Results of messages that require TLS, for the partners with the most messages${more > 0 ? `; the CSV has ${more} more` : ''}.`,
    data: sideways(
      bars(list, ({ domain }) => domain, [
        ['delivered', 'good', ({ enforced }) => enforced.delivered],
        ['waiting', 'quiet', ({ enforced }) => enforced.waiting],
        ['bounced', 'bad', ({ enforced }) => enforced.bounced + enforced.kept],
        ...(rerouted
          ? [['to a gateway', 'second', ({ enforced }: PartnerReport) => enforced.rerouted] as const]
          : []),
      ]),
    ),
    head: [
      'domain',
      'TLS required',
      'delivered',
      'waiting',
      'bounced',
      'kept',
      ...(rerouted ? ['to a gateway'] : []),
      'failed attempts',
    ],
    rows: list.map(({ domain, enforced, failures: failed }) => [
      domain,
      enforced.messages,
      enforced.delivered,
      enforced.waiting,
      enforced.bounced,
      enforced.kept,
      ...(rerouted ? [enforced.rerouted] : []),
      Object.values(failed).reduce((sum, count) => sum + count, 0),
    ]),
  }
}

function rules({ rules: list }: DeliveryReport): Chart {
  const waits = list.some(({ reported }) => reported.wouldWait > 0)
  const asUsual = list.some(({ reported }) => reported.wouldDeliverAsUsual > 0)
  return {
    id: 'rules',
    title: 'Rules in report mode',
    summary: 'What would have happened to messages that match these rules.',
    data: sideways(
      bars(list, ruleName, [
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
      ruleName(rule),
      rule.reported.messages,
      rule.reported.wouldDeliver,
      ...(asUsual ? [rule.reported.wouldDeliverAsUsual] : []),
      rule.reported.unknown,
      ...(waits ? [rule.reported.wouldWait] : []),
      rule.reported.wouldBounce,
      listed(
        rule.partners.map(({ domain, wouldBounce, wouldWait }) => `${domain} (${wouldBounce + wouldWait})`),
        NAMES_MAX,
      ),
    ]),
  }
}

function ruleName({ owner, id }: RuleReport): string {
  return `${id} of ${owner}`
}

function bars<T>(
  list: readonly T[],
  labelOf: (each: T) => string,
  series: readonly (readonly [label: string, colour: string, valueOf: (each: T) => number])[],
): ChartData {
  return {
    kind: 'bar',
    labels: list.map(labelOf),
    series: series.map(([label, colour, valueOf]) => ({ label, colour, values: list.map(valueOf) })),
  }
}

function sideways(data: ChartData): ChartData {
  return { ...data, horizontal: true }
}
