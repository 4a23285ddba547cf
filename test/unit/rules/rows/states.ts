/** Rows on times, modes and directions. */
import { from, notTo, subject, to, when, type Row } from './row.js'

const from8 = { startsAt: '2026-03-01T08:00:00Z' }
const until18 = { expiresAt: '2026-03-01T19:00:00+01:00' }
const at = (now: string) => ({ now: `2026-03-01T${now}Z` })
const TIMES: readonly Row[] = [
  { what: 'after its start', rules: [when(to('*'), from8)], is: 'encrypt by r1' },
  { what: 'at its start', rules: [when(to('*'), from8)], ...at('08:00:00'), is: 'encrypt by r1' },
  { what: 'just before its start', rules: [when(to('*'), from8)], ...at('07:59:59.999'), is: 'nothing' },
  { what: 'before its end', rules: [when(to('*'), until18)], ...at('17:59:59.999'), is: 'encrypt by r1' },
  { what: 'at its end', rules: [when(to('*'), until18)], ...at('18:00:00'), is: 'nothing' },
  { what: 'within its time', rules: [when(to('*'), { ...from8, ...until18 })], is: 'encrypt by r1' },
  {
    what: 'an expired exemption',
    rules: [when(to('*'), { level: 'none', ...until18 }), when(to('*'))],
    ...at('18:00:00'),
    is: 'encrypt by r2',
  },
  {
    what: 'an exemption within its time',
    rules: [when(to('*'), { level: 'none', ...until18 }), when(to('*'))],
    is: 'nothing',
  },
  {
    what: 'another offset, the same instant',
    rules: [when(to('*'), { startsAt: '2026-03-01T13:00:00.000+01:00' })],
    is: 'encrypt by r1',
  },
  {
    what: 'another offset, an hour later',
    rules: [when(to('*'), { startsAt: '2026-03-01T13:00:01+01:00' })],
    is: 'nothing',
  },
]

const report = { mode: 'report' } as const
const MODES: readonly Row[] = [
  { what: 'mode enforce in so many words', rules: [when(to('*'), { mode: 'enforce' })], is: 'encrypt by r1' },
  { what: 'mode report requires nothing', rules: [when(to('*'), report)], is: 'nothing', reports: 'r1' },
  { what: 'mode report, another recipient', rules: [when(to('a.example'), report)], is: 'nothing' },
  {
    what: 'mode report does not stop the list',
    rules: [when(to('*'), report), when(to('bank.example'))],
    is: 'encrypt by r2',
    reports: 'r1',
  },
  {
    what: 'mode report below a match',
    rules: [when(to('bank.example')), when(to('*'), report)],
    is: 'encrypt by r1',
  },
  {
    what: 'mode report below a match of a wider pattern',
    rules: [when(to('*')), when(to('bank.example'), report)],
    is: 'encrypt by r1',
  },
  {
    what: 'several report',
    rules: [when(to('*'), report), when(to('bank.example'), report), when(to('cfo@bank.example'), report)],
    is: 'nothing',
    reports: 'r1, r2, r3',
  },
  {
    what: 'a rule reports once, however many of its patterns match',
    rules: [when(to('*', 'bank.example', '.example', 'cfo@bank.example'), report)],
    is: 'nothing',
    reports: 'r1',
  },
  {
    what: 'an exemption that only reports',
    rules: [when(to('*'), { level: 'none', ...report }), when(to('*'))],
    is: 'encrypt by r2',
  },
  { what: 'mode report that is off', rules: [when(to('*'), { ...report, enabled: false })], is: 'nothing' },
  {
    what: 'mode report that is over',
    rules: [when(to('*'), { ...report, ...until18 })],
    ...at('20:00:00'),
    is: 'nothing',
  },
  {
    what: 'reports of two owners',
    rules: { '*': [when(to('*'), report)], 'acme.example': [when(to('*'), report), when(to('*'))] },
    is: 'encrypt by r2',
    reports: '* r1, r1',
  },
  {
    what: 'mode report with a subject',
    rules: [when(subject('x'), report)],
    header: ['Subject: x'],
    is: 'nothing',
    reports: 'r1',
  },
]

const incoming = { direction: 'incoming' } as const
const inbound = { from: 'cfo@bank.example', to: 'ann@acme.example', direction: 'incoming' } as const
const DIRECTIONS: readonly Row[] = [
  {
    what: 'an incoming rule, incoming mail',
    rules: [when(from('bank.example'), incoming)],
    ...inbound,
    is: 'encrypt by r1',
  },
  { what: 'an incoming rule, outgoing mail', rules: [when(from('acme.example'), incoming)], is: 'nothing' },
  { what: 'an outgoing rule, incoming mail', rules: [when(from('bank.example'))], ...inbound, is: 'nothing' },
  {
    what: 'incoming from a domain like it',
    rules: [when(from('bank.example'), incoming)],
    ...inbound,
    from: 'cfo@notbank.example',
    is: 'nothing',
  },
  {
    what: 'incoming from a subdomain',
    rules: [when(from('.bank.example'), incoming)],
    ...inbound,
    from: 'cfo@mx.bank.example',
    is: 'encrypt by r1',
  },
  {
    what: 'incoming for one recipient',
    rules: [when({ ...from('bank.example'), ...to('ann@acme.example') }, incoming)],
    ...inbound,
    is: 'encrypt by r1',
  },
  {
    what: 'incoming for another recipient',
    rules: [when({ ...from('bank.example'), ...to('bob@acme.example') }, incoming)],
    ...inbound,
    is: 'nothing',
  },
  {
    what: 'incoming for all but one',
    rules: [when({ ...from('bank.example'), ...notTo('ann@acme.example') }, incoming)],
    ...inbound,
    is: 'nothing',
  },
  {
    what: 'incoming, rules of the recipient',
    rules: { 'ann@acme.example': [when(from('bank.example'), incoming)] },
    ...inbound,
    is: 'encrypt by ann@acme.example r1',
  },
  {
    what: 'incoming, rules of the sender’s domain',
    rules: { 'bank.example': [when(from('bank.example'), incoming)] },
    ...inbound,
    is: 'nothing',
  },
  {
    what: 'incoming, rules of the service',
    rules: { '*': [when(from('*'), incoming)] },
    ...inbound,
    is: 'encrypt by * r1',
  },
  {
    what: 'incoming bounces',
    rules: { '*': [when(from('*'), incoming)] },
    ...inbound,
    from: '',
    is: 'encrypt by * r1',
  },
  {
    what: 'incoming, an exemption',
    rules: [
      when(from('cfo@bank.example'), { ...incoming, level: 'none' }),
      when(from('bank.example'), incoming),
    ],
    ...inbound,
    is: 'nothing',
  },
  {
    what: 'incoming, off',
    rules: [when(from('bank.example'), { ...incoming, enabled: false })],
    ...inbound,
    is: 'nothing',
  },
  {
    what: 'incoming, asleep',
    rules: [when(from('bank.example'), incoming)],
    ...inbound,
    asleep: ['acme.example'],
    is: 'nothing',
  },
  {
    what: 'incoming, reported',
    rules: [when(from('bank.example'), { ...incoming, ...report })],
    ...inbound,
    is: 'nothing',
    reports: 'r1',
  },
  {
    what: 'both directions in one list',
    rules: [when(to('*'), { level: 'verify' }), when(from('*'), incoming)],
    ...inbound,
    is: 'encrypt by r2',
  },
]

/** All of them. */
export const STATE_ROWS: readonly Row[] = [...TIMES, ...MODES, ...DIRECTIONS]
