/** Texts of the list of rules beside those in `texts.ts`. */
import { formatNumber } from './times.js'

const messages = (n: number): string => (n === 1 ? '1 message' : `${formatNumber(n)} messages`)

export const ruleTexts = {
  everyone: 'everyone',
  states: {
    invalid: 'Not valid',
    off: 'Off',
    over: 'Over',
    scheduled: 'Not yet',
    inactive: 'Inactive',
    exempt: 'Exempt',
    unreachable: 'Unreachable',
    report: 'Report only',
    limited: 'Partly',
    active: 'Active',
  },
  levelLabel: (name: string) => `Security level ${name}`,
  group: (name: string) => `Group ${name}`,
  groupEmpty: 'This group has no valid entries.',
  groupMore: (n: number) => `and ${formatNumber(n)} more`,
  groupOpen: 'Open group',
  trafficTitle: 'Last 7 days:',
  traffic: messages,
  trafficNone: 'no messages',
  trafficFailed: (n: number) => `${formatNumber(n)} not delivered for a TLS reason`,
  trafficUnknown: 'unknown, the delivery log is off or unavailable',
} as const
