/** The charts of a report's page: what each shows, as data for Chart.js and as a table. Pure. */
import type { ChartConfiguration } from 'chart.js'
import { numbered } from '../text/list.js'
import { percent } from './format.js'
import type { DeliveryReport } from './delivery-report.js'

/** A chart, and the same in a table. Colours are names of the page's style, such as `good`. */
export interface Chart {
  readonly id: string
  readonly title: string
  /** What the chart shows, in a sentence. */
  readonly summary: string
  readonly config: ChartConfiguration<'bar' | 'doughnut', number[], string>
  /** Rows that the chart is high, where it lies on its side. */
  readonly bars?: number
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
    config: stacked(
      // The month and the day are enough on an axis.
      list.map(({ date }) => date.slice(5)),
      [
        ['delivered', 'good', list.map((day) => day.delivered)],
        ['waiting', 'waiting', list.map((day) => day.waiting)],
        ['bounced', 'bad', list.map((day) => day.bounced + day.kept)],
        ['would have bounced', 'would', list.map((day) => day.wouldBounce)],
      ],
      'x',
    ),
    head: ['day (UTC)', 'held to TLS', 'delivered', 'waiting', 'bounced', 'kept', 'would have bounced'],
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
    config: {
      type: 'doughnut',
      data: {
        labels: names,
        datasets: [
          {
            data: list.map(({ messages }) => messages),
            backgroundColor: names.map((name) =>
              name === 'TLSv1.3' ? 'good' : name === 'TLSv1.2' ? 'second' : 'waiting',
            ),
          },
        ],
      },
      options: { cutout: '62%' },
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
    config: stacked(
      list.map((failure) => failure.class),
      [['attempts', 'bad', list.map(({ attempts }) => attempts)]],
      'y',
    ),
    bars: list.length,
    head: ['class', 'attempts', 'partners'],
    rows: list.map((failure) => [
      failure.class,
      failure.attempts,
      named(failure.partners.map(({ domain, attempts }) => `${domain} (${attempts})`)),
    ]),
  }
}

function partners({ partners: all }: DeliveryReport): Chart {
  const list = all.filter(({ enforced }) => enforced.messages > 0).slice(0, PARTNERS_MAX)
  const more = all.length - list.length
  return {
    id: 'partners',
    title: 'Partners',
    summary: `Results of messages held to TLS, for the partners with the most messages${more > 0 ? `; ${more} more are in the CSV` : ''}.`,
    config: stacked(
      list.map(({ domain }) => domain),
      [
        ['delivered', 'good', list.map(({ enforced }) => enforced.delivered)],
        ['waiting', 'waiting', list.map(({ enforced }) => enforced.waiting)],
        ['bounced', 'bad', list.map(({ enforced }) => enforced.bounced + enforced.kept)],
      ],
      'y',
    ),
    bars: list.length,
    head: ['domain', 'held to TLS', 'delivered', 'waiting', 'bounced', 'kept', 'failed attempts'],
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
    title: 'Rules in mode report',
    summary: 'What would have become of the messages that these rules saw.',
    config: stacked(
      list.map(({ owner, id }) => `${id} of ${owner}`),
      [
        ['would have been delivered', 'good', list.map(({ reported }) => reported.wouldDeliver)],
        ['not known', 'waiting', list.map(({ reported }) => reported.unknown)],
        ['would have bounced', 'would', list.map(({ reported }) => reported.wouldBounce)],
      ],
      'y',
    ),
    bars: list.length,
    head: ['rule', 'messages', 'would deliver', 'not known', 'would bounce', 'partners'],
    rows: list.map(({ owner, id, reported, partners: hurt }) => [
      `${id} of ${owner}`,
      reported.messages,
      reported.wouldDeliver,
      reported.unknown,
      reported.wouldBounce,
      named(hurt.map(({ domain, wouldBounce }) => `${domain} (${wouldBounce})`)),
    ]),
  }
}

function stacked(
  labels: string[],
  series: readonly (readonly [label: string, colour: string, data: number[]])[],
  indexAxis: 'x' | 'y',
): Chart['config'] {
  // Messages are whole; an axis of names does not look at it.
  const ticks = { precision: 0, maxRotation: 0, autoSkipPadding: 12 }
  const shown = series.filter(([, , data]) => data.some((value) => value > 0))
  return {
    type: 'bar',
    data: {
      labels,
      datasets: shown.map(([label, backgroundColor, data]) => ({ label, backgroundColor, data })),
    },
    options: {
      indexAxis,
      scales: { x: { stacked: true, ticks }, y: { stacked: true, ticks: { precision: 0 } } },
      plugins: { legend: { display: shown.length > 1 } },
    },
  }
}

function named(names: readonly string[]): string {
  const more = names.length - NAMES_MAX
  return names.slice(0, NAMES_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
