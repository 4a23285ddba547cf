/** Texts of the overview beside those in `texts.ts`. */
import { formatNumber } from './times.js'

const days = (n: number): string => (n === 1 ? '1 day' : `${formatNumber(n)} days`)

export const overviewTexts = {
  times: (zone: string) => `Days are those of UTC. Times are in your time zone, ${zone}.`,
  export: 'Download',
  /** Beside a number: what it was in a period of the same length before. */
  trend: (now: number, before: number) => {
    const was = formatNumber(before)
    if (now === before) return `as many as in the period before`
    if (before === 0) return 'none in the period before'
    const percent = formatNumber(Math.round((Math.abs(now - before) / before) * 100))
    return `${percent}% ${now > before ? 'more' : 'fewer'} than in the period before (${was})`
  },
  /** Beside the number of those delivered. */
  onward: (n: number) => `${formatNumber(n)} of them handed on with REQUIRETLS`,
  noEntriesNext:
    'It has entries once a rule that is on covers mail. Entries from before it was emptied or lost are not in it.',
  noTrend: 'The delivery log does not have all of the period before: there is no trend.',
  ciphers: 'Ciphers',
  cipher: 'Cipher',
  share: 'Share',
  noSessions: 'No message was delivered over TLS in this period.',
  failures: 'Why TLS failed',
  failuresHint:
    'Messages with at least one such attempt, whatever became of them. A message can have failed for several reasons.',
  reason: 'Reason',
  attempts: 'Attempts',
  where: 'Partners',
  whereIs: (domain: string, attempts: number) => `${domain} (${formatNumber(attempts)})`,
  more: (n: number) => `and ${formatNumber(n)} more`,
  morePartners: (n: number) => `${formatNumber(n)} more partners are in the files below.`,
  waitingTitle: 'Waiting now',
  waitingNone: 'No mail is waiting for TLS.',
  waitingUnknown: 'Unknown: not every Haraka has said all that waits there.',
  waiting: (n: number) => (n === 1 ? '1 message is waiting' : `${formatNumber(n)} messages are waiting`),
  waitingSince: (when: string) => `the oldest since ${when}`,
  waitingAll: 'All mail that you may see.',
  leftTitle: 'Left',
  left: (n: number) => (n < 0 ? `expired ${days(-n)} ago` : n === 0 ? 'expires today' : `${days(n)} left`),
  noExpiring: 'No certificate that rules depend on expires soon.',
  days: 'Choose days …',
  from: 'From',
  to: 'To',
  daysZone: (zone: string) => `In your time zone, ${zone}`,
  chosenPeriod: (from: string, to: string) => `${from} to ${to}`,
  failure: 'TLS failure',
  anyFailure: 'Any',
} as const
