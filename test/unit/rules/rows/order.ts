/** Rows on order, exemptions, owners and services. */
import { from, header, subject, to, when, type Row } from './row.js'

const ORDER: readonly Row[] = [
  { what: 'no rules', rules: [], is: 'nothing' },
  {
    what: 'the first match decides',
    rules: [when(to('*')), when(to('bank.example'), { level: 'verify' })],
    is: 'encrypt by r1',
  },
  {
    what: 'what does not match is passed over',
    rules: [when(to('a.example')), when(to('bank.example'), { level: 'verify' })],
    is: 'verify by r2',
  },
  {
    what: 'a rule that is off is passed over',
    rules: [when(to('*'), { enabled: false }), when(to('*'), { level: 'verify' })],
    is: 'verify by r2',
  },
  {
    what: 'position counts, not the place in the store',
    rules: [when(to('*'), { position: 9 }), when(to('*'), { position: 2, level: 'verify' })],
    is: 'verify by r2',
  },
  {
    what: 'of equal positions the id counts',
    rules: [when(to('*'), { id: 'b', position: 1 }), when(to('*'), { id: 'a', position: 1 })],
    is: 'encrypt by a',
  },
  {
    what: 'an address before its domain further down',
    rules: [when(to('cfo@bank.example'), { level: 'verify' }), when(to('bank.example'))],
    is: 'verify by r1',
  },
  {
    what: 'a domain before its address further down',
    rules: [when(to('bank.example')), when(to('cfo@bank.example'), { level: 'verify' })],
    is: 'encrypt by r1',
  },
  {
    what: 'a parent before the domain further down',
    rules: [when(to('.example')), when(to('bank.example'), { level: 'verify' })],
    is: 'encrypt by r1',
  },
  {
    what: 'all before the domain further down',
    rules: [when(to('*')), when(to('bank.example'), { level: 'verify' })],
    is: 'encrypt by r1',
  },
  {
    what: 'a group before the domain further down',
    rules: [when(to('group:courts')), when(to('court.example'), { level: 'verify' })],
    to: 'a@court.example',
    is: 'encrypt by r1',
  },
  {
    what: 'a sender before a recipient further down',
    rules: [when(from('acme.example')), when(to('bank.example'), { level: 'verify' })],
    is: 'encrypt by r1',
  },
  {
    what: 'a recipient before a sender further down',
    rules: [when(to('bank.example'), { level: 'verify' }), when(from('acme.example'))],
    is: 'verify by r1',
  },
  {
    what: 'a subject before a recipient further down',
    rules: [when(subject('x'), { level: 'verify' }), when(to('bank.example'))],
    header: ['Subject: x'],
    is: 'verify by r1',
  },
  {
    what: 'a subject that is another one',
    rules: [when(subject('x'), { level: 'verify' }), when(to('bank.example'))],
    header: ['Subject: y'],
    is: 'encrypt by r2',
  },
  {
    what: 'a recipient before a header further down',
    rules: [when(to('bank.example')), when(header('A', 'x'), { level: 'verify' })],
    header: ['A: x'],
    is: 'encrypt by r1',
  },
  {
    what: 'the same domain in two rules with other conditions',
    rules: [
      when({ ...to('bank.example'), ...subject('x') }, { level: 'verify' }),
      when({ ...to('bank.example'), ...subject('y') }),
      when(to('bank.example'), { level: 'secure' }),
    ],
    header: ['Subject: y'],
    is: 'encrypt by r2',
  },
  {
    what: 'three rules for a domain, the first that has no other condition',
    rules: [
      when({ ...to('bank.example'), ...from('x.example') }),
      when(to('bank.example'), { level: 'secure' }),
      when(to('bank.example')),
    ],
    is: 'secure by r2',
  },
  {
    what: 'level none exempts from what is below',
    rules: [when(to('cfo@bank.example'), { level: 'none' }), when(to('bank.example'))],
    is: 'nothing',
  },
  {
    what: 'level none exempts only whom it matches',
    rules: [when(to('ceo@bank.example'), { level: 'none' }), when(to('bank.example'))],
    is: 'encrypt by r2',
  },
  {
    what: 'level none further down exempts nobody',
    rules: [when(to('bank.example')), when(to('*'), { level: 'none' })],
    is: 'encrypt by r1',
  },
  {
    what: 'level none that is off',
    rules: [when(to('*'), { level: 'none', enabled: false }), when(to('*'))],
    is: 'encrypt by r2',
  },
  {
    what: 'everybody but a group',
    rules: [when(to('group:courts'), { level: 'none' }), when(to('*'))],
    to: 'a@court.example',
    is: 'nothing',
  },
  {
    what: 'a minimum version',
    rules: [when(to('*'), { action: { minVersion: 'TLSv1.3' } })],
    is: 'encrypt by r1',
  },
]

const OWNERS: readonly Row[] = [
  { what: 'of the service', rules: { '*': [when(to('*'))] }, is: 'encrypt by * r1' },
  {
    what: 'of the service and the domain',
    rules: { '*': [when(to('*'))], 'acme.example': [when(to('*'))] },
    is: 'encrypt by * r1, r1',
  },
  {
    what: 'of all three',
    rules: {
      '*': [when(to('*'))],
      'acme.example': [when(to('*'), { level: 'secure' })],
      'ann@acme.example': [when(to('*'), { level: 'verify' })],
    },
    is: 'secure by * r1, r1, ann@acme.example r1',
  },
  {
    what: 'of the sender',
    rules: { 'ann@acme.example': [when(to('*'))] },
    is: 'encrypt by ann@acme.example r1',
  },
  { what: 'of another sender', rules: { 'bob@acme.example': [when(to('*'))] }, is: 'nothing' },
  {
    what: 'of the domain, sender below it',
    rules: { 'acme.example': [when(to('*'))] },
    from: 'ann@sub.acme.example',
    is: 'nothing',
  },
  {
    what: 'of the domain, sender of a domain like it',
    rules: { 'acme.example': [when(to('*'))] },
    from: 'ann@notacme.example',
    is: 'nothing',
  },
  { what: 'of the domain, null sender', rules: { 'acme.example': [when(to('*'))] }, from: '', is: 'nothing' },
  { what: 'of the service, null sender', rules: { '*': [when(to('*'))] }, from: '', is: 'encrypt by * r1' },
  {
    what: 'of the service for a sender, null sender',
    rules: { '*': [when(from('acme.example'))] },
    from: '',
    is: 'nothing',
  },
  {
    what: 'a tenant can not exempt from the service',
    rules: { '*': [when(to('*'))], 'acme.example': [when(to('*'), { level: 'none' })] },
    is: 'encrypt by * r1',
  },
  {
    what: 'a sender can not exempt from its domain',
    rules: { 'acme.example': [when(to('*'))], 'ann@acme.example': [when(to('*'), { level: 'none' })] },
    is: 'encrypt by r1',
  },
  {
    what: 'an exemption of the service leaves the tenant its own',
    rules: { '*': [when(to('*'), { level: 'none' })], 'acme.example': [when(to('*'))] },
    is: 'encrypt by r1',
  },
  {
    what: 'a weaker tenant does not weaken',
    rules: { '*': [when(to('*'), { level: 'secure' })], 'acme.example': [when(to('*'))] },
    is: 'secure by * r1, r1',
  },
  { what: 'a service that is off', rules: [when(to('*'))], asleep: ['acme.example'], is: 'nothing' },
  {
    what: 'a service that is off, rules of a sender',
    rules: { 'ann@acme.example': [when(to('*'))] },
    asleep: ['acme.example'],
    is: 'nothing',
  },
  {
    what: 'a service that is off, rules of the whole service',
    rules: { '*': [when(to('*'))], 'acme.example': [when(to('*'))] },
    asleep: ['acme.example'],
    is: 'encrypt by * r1',
  },
]

/** All of them. */
export const ORDER_ROWS: readonly Row[] = [...ORDER, ...OWNERS]
