/** Rows on `to`, `from` and groups: every match beside its near-misses. */
import { from, notFrom, notTo, to, when, type Row } from './row.js'

const YES = 'encrypt by r1'
const NO = 'nothing'

const TO: readonly (readonly [patterns: readonly string[], recipient: string, is: string])[] = [
  [['bank.example'], 'cfo@bank.example', YES],
  [['bank.example'], 'CFO@Bank.EXAMPLE', YES],
  [['Bank.Example.'], 'cfo@bank.example', YES],
  [['bank.example'], 'cfo@notbank.example', NO],
  [['bank.example'], 'cfo@mail.bank.example', NO],
  [['bank.example'], 'cfo@bank.example.org', NO],
  [['bank.example'], 'bank.example@other.example', NO],
  [['.bank.example'], 'cfo@mail.bank.example', YES],
  [['.bank.example'], 'cfo@a.b.bank.example', YES],
  [['.bank.example'], 'cfo@bank.example', NO],
  [['.bank.example'], 'cfo@mail.notbank.example', NO],
  [['.example'], 'cfo@bank.example', YES],
  [['.example'], 'cfo@bank.example.org', NO],
  [['bank.example', '.bank.example'], 'cfo@bank.example', YES],
  [['bank.example', '.bank.example'], 'cfo@mx.bank.example', YES],
  [['cfo@bank.example'], 'cfo@bank.example', YES],
  [['cfo@bank.example'], 'CFO@BANK.example', YES],
  [['cfo@bank.example'], '"cfo"@bank.example', YES],
  [['cfo@bank.example'], 'ceo@bank.example', NO],
  [['cfo@bank.example'], 'cfo@mail.bank.example', NO],
  [['cfo@bank.example'], 'acfo@bank.example', NO],
  [['cfo@bank.example'], 'cfo+x@bank.example', NO],
  [['bücher.example'], 'a@xn--bcher-kva.example', YES],
  [['xn--bcher-kva.example'], 'a@bücher.example', YES],
  [['bücher.example'], 'a@buecher.example', NO],
  [['*'], 'x@anywhere.example', YES],
  [['*'], 'postmaster', YES],
  [['bank.example'], 'postmaster', NO],
  [['*'], 'a@[192.0.2.1]', YES],
  [['.example'], 'a@[192.0.2.1]', NO],
  [['a.example', 'b.example', '.c.example', 'x@d.example'], 'y@b.example', YES],
  [['a.example', 'b.example', '.c.example', 'x@d.example'], 'y@m.c.example', YES],
  [['a.example', 'b.example', '.c.example', 'x@d.example'], 'x@d.example', YES],
  [['a.example', 'b.example', '.c.example', 'x@d.example'], 'y@d.example', NO],
  [['group:courts'], 'judge@court.example', YES],
  [['group:courts'], 'judge@district.court.example', YES],
  [['group:courts'], 'clerk@city.example', YES],
  [['group:courts'], 'mayor@city.example', NO],
  [['group:courts'], 'judge@notcourt.example', NO],
  [['bank.example', 'group:courts'], 'judge@court.example', YES],
  [['bank.example', 'group:courts'], 'cfo@bank.example', YES],
  [['bank.example', 'group:courts'], 'cfo@other.example', NO],
]

const OTHERS: readonly Row[] = [
  { what: 'notTo keeps off', rules: [when(notTo('bank.example'))], is: NO },
  { what: 'notTo of another domain', rules: [when(notTo('notbank.example'))], is: YES },
  { what: 'notTo a subdomain', rules: [when(notTo('.bank.example'))], is: YES },
  { what: 'notTo everybody', rules: [when(notTo('*'))], is: NO },
  { what: 'notTo a group, a member', rules: [when(notTo('group:courts'))], to: 'x@court.example', is: NO },
  { what: 'notTo a group, nobody of it', rules: [when(notTo('group:courts'))], is: YES },
  {
    what: 'a domain but one address, that address',
    rules: [when({ to: { matchesAny: ['bank.example'], matchesNone: ['cfo@bank.example'] } })],
    is: NO,
  },
  {
    what: 'a domain but one address, a colleague',
    rules: [when({ to: { matchesAny: ['bank.example'], matchesNone: ['cfo@bank.example'] } })],
    to: 'ceo@bank.example',
    is: YES,
  },
  {
    what: 'a domain but one address, another domain',
    rules: [when({ to: { matchesAny: ['bank.example'], matchesNone: ['cfo@bank.example'] } })],
    to: 'ceo@other.example',
    is: NO,
  },
  { what: 'from one sender', rules: [when(from('ann@acme.example'))], is: YES },
  { what: 'from one sender, a colleague', rules: [when(from('bob@acme.example'))], is: NO },
  { what: 'from in upper case', rules: [when(from('Ann@Acme.Example'))], from: 'ANN@acme.example', is: YES },
  { what: 'from the domain', rules: [when(from('acme.example'))], is: YES },
  {
    what: 'from a group',
    rules: [when(from('group:staff'))],
    groups: { staff: ['ann@acme.example'] },
    is: YES,
  },
  {
    what: 'from a group without her',
    rules: [when(from('group:staff'))],
    groups: { staff: ['bob@acme.example'] },
    is: NO,
  },
  { what: 'from all but one, the one', rules: [when(notFrom('ann@acme.example'))], is: NO },
  { what: 'from all but one, a colleague', rules: [when(notFrom('bob@acme.example'))], is: YES },
  { what: 'from and to', rules: [when({ ...from('ann@acme.example'), ...to('bank.example') })], is: YES },
  {
    what: 'from right, to wrong',
    rules: [when({ ...from('ann@acme.example'), ...to('b.example') })],
    is: NO,
  },
  {
    what: 'from wrong, to right',
    rules: [when({ ...from('bob@acme.example'), ...to('bank.example') })],
    is: NO,
  },
  {
    what: 'to and notFrom',
    rules: [when({ ...to('bank.example'), ...notFrom('ann@acme.example') })],
    is: NO,
  },
  {
    what: 'everybody in two groups, the second one',
    rules: [when(to('group:a')), when(to('group:b'))],
    groups: { a: ['x.example'], b: ['bank.example'] },
    is: 'encrypt by r2',
  },
  {
    what: 'a group that two rules use, the first decides',
    rules: [when(to('group:a'), { level: 'verify' }), when(to('group:a'))],
    groups: { a: ['bank.example'] },
    is: 'verify by r1',
  },
  {
    what: 'a group of everybody',
    rules: [when(to('group:a'))],
    groups: { a: ['*'] },
    is: YES,
  },
]

/** All of them. */
export const ADDRESS_ROWS: readonly Row[] = [
  ...TO.map(([patterns, recipient, is]) => ({
    what: `to ${patterns.join(' ')}: ${recipient}`,
    rules: [when(to(...patterns))],
    to: recipient,
    is,
  })),
  ...OTHERS,
]
