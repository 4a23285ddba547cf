/** The charts of a report's page: what each shows, as data and as a table. Pure. */
import { listed, numbered } from '../text/list.js'
import { percent } from './format.js'
import type { DeliveryReport } from './delivery-report.js'

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
  return {
    id: 'days',
    title: 'Messages per day',
    summary: `Over ${numbered(list.length, 'day')}: ${numbered(delivered, 'message')} delivered over TLS, ${bounced} bounced.`,
    data: {
      kind: 'bar',
      // The month and the day are enough on an axis.
      labels: list.map(({ date }) => date.slice(5)),
      series: [
        { label: 'delivered', colour: 'good', values: list.map((day) => day.delivered) },
        { label: 'waiting', colour: 'quiet', values: list.map((day) => day.waiting) },
        { label: 'bounced', colour: 'bad', values: list.map((day) => day.bounced + day.kept) },
        { label: 'would have bounced', colour: 'warn', values: list.map((day) => day.wouldBounce) },
      ],
    },
    head: ['day (UTC)', 'TLS required', 'delivered', 'waiting', 'bounced', 'kept', 'would have bounced'],
    rows: list.map((day) => [
      day.date,
      day.messages,
      day.delivered,
      day.waiting,
      day.bounced,
      day.kept,
      day.wouldBounce,
    ]),
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
    data: {
      kind: 'bar',
      horizontal: true,
      labels: list.map((failure) => failure.class),
      series: [{ label: 'attempts', colour: 'bad', values: list.map(({ attempts }) => attempts) }],
    },
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
  return {
    id: 'partners',
    title: 'Partners',
    summary: `Results of messages that require TLS, for the partners with the most messages${more > 0 ? `; the CSV has ${more} more` : ''}.`,
    data: {
      kind: 'bar',
      horizontal: true,
      labels: list.map(({ domain }) => domain),
      series: [
        { label: 'delivered', colour: 'good', values: list.map(({ enforced }) => enforced.delivered) },
        { label: 'waiting', colour: 'quiet', values: list.map(({ enforced }) => enforced.waiting) },
        {
          label: 'bounced',
          colour: 'bad',
          values: list.map(({ enforced }) => enforced.bounced + enforced.kept),
        },
      ],
    },
    head: ['domain', 'TLS required', 'delivered', 'waiting', 'bounced', 'kept', 'failed attempts'],
    rows: list.map(({ domain, enforced, failures: failed }) => [
      domain,
      enforced.messages,
      enforced.delivered,
      enforced.waiting,
      enforced.bounced,
      enforced.kept,
      Object.values(failed).reduce((sum, count) => sum + count, 0),
    ]),
  }
}

function rules({ rules: list }: DeliveryReport): Chart {
  return {
    id: 'rules',
    title: 'Rules in report mode',
    summary: 'What would have happened to messages that match these rules.',
    data: {
      kind: 'bar',
      horizontal: true,
      labels: list.map(({ owner, id }) => `${id} of ${owner}`),
      series: [
        {
          label: 'would have been delivered',
          colour: 'good',
          values: list.map(({ reported }) => reported.wouldDeliver),
        },
        { label: 'unknown', colour: 'quiet', values: list.map(({ reported }) => reported.unknown) },
        {
          label: 'would have bounced',
          colour: 'warn',
          values: list.map(({ reported }) => reported.wouldBounce),
        },
      ],
    },
    head: ['rule', 'messages', 'would deliver', 'unknown', 'would bounce', 'partners'],
    rows: list.map(({ owner, id, reported, partners: hurt }) => [
      `${id} of ${owner}`,
      reported.messages,
      reported.wouldDeliver,
      reported.unknown,
      reported.wouldBounce,
      listed(
        hurt.map(({ domain, wouldBounce }) => `${domain} (${wouldBounce})`),
        NAMES_MAX,
      ),
    ]),
  }
}
