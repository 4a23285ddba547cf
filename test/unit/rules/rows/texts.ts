/** Rows on `subject` and `header`: words, regular expressions, MIME words, folding. */
import { header, notHeader, notSubject, subject, to, when, type Row } from './row.js'

const YES = 'encrypt by r1'
const NO = 'nothing'

/** text of the rule, the Subject field, whether it matches */
const SUBJECT: readonly (readonly [text: string, value: string, matches: boolean])[] = [
  ['confidential', 'Confidential', true],
  ['confidential', 'Re: CONFIDENTIAL figures', true],
  ['confidential', '[confidential] figures', true],
  ['confidential', 'strictly-confidential', true],
  ['confidential', 'unconfidentially', false],
  ['confidential', 'confidentially', false],
  ['confidential', 'confidential2', false],
  ['confidential', 'con fidential', false],
  ['strictly private', 'strictly private', true],
  ['strictly private', 'Strictly,  Private!', true],
  ['strictly private', 'strictly very private', false],
  ['strictly private', 'private strictly', false],
  ['Strictly  Private', 'this is strictly private indeed', true],
  ['straße', 'STRASSE 5', true],
  ['STRASSE', 'straße 5', true],
  ['café', 'Cafe\u0301 menu', true],
  ['café', 'cafe menu', false],
  ['ΟΔΟΣ', 'οδος', true],
  ['機密', '社外秘・機密文書', true],
  ['機密', '機 密', true],
  ['機密', '機会', false],
  ['fidential', 'confidential', false],
  ['banking', 'bank\u200bing', true],
  ['bank\u200bing', 'banking', true],
  ['banking', 'b\u00ada\u200cn\u200dk\u2060i\ufeffn\u034fg', true],
  ['banking', '\u202ebank\u2066ing\u2069\u200f', true],
  ['banking', 'bank\ufe0fi\u{e0061}n\u180bg\u3164', true],
  ['banking', 'bank\u0001ing\u0085', true],
  ['banking', 'bank\u2009ing', false],
  ['banking', 'bank\ting', false],
  ['café', 'cafe\u200b\u0301', true],
  ['banking', 'ｂａｎｋｉｎｇ', true],
  ['42', 'case 42', true],
  ['42', 'case 421', false],
  ['figures', '=?utf-8?q?Confidential?= =?utf-8?q?_figures?=', true],
  ['vertraulich für', '=?iso-8859-1?Q?Vertraulich_f=FCr_Sie?=', true],
  ['vertraulich', '=?utf-8?B?VmVydHJhdWxpY2g=?=', true],
  ['confidential', '=?utf-8?q?con?= =?utf-8?q?fidential?=', true],
  ['confidential', '=?utf-8?q?un?= =?utf-8?q?confidential?=', false],
  ['/^Re:/', 'Re: figures', true],
  ['/^Re:/', 'RE: figures', false],
  ['/^Re:/i', 'RE: figures', true],
  ['/^Re:/', 'Fwd: Re: figures', false],
  ['/case-\\d{4}$/', 'Your case-1234', true],
  ['/case-\\d{4}$/', 'Your case-123', false],
  ['/a/b/', 'x a/b y', true],
  ['/^$/', '', true],
  ['/^$/', 'x', false],
  ['/^Vertraulich für$/', '=?iso-8859-1?Q?Vertraulich_f=FCr?=', true],
  ['/^für$/i', 'FÜR', true],
  ['/(a+)+$/', `${'a'.repeat(10_000)}!`, false],
  ['__proto__', '__proto__', true],
]

const OTHERS: readonly Row[] = [
  {
    what: 'a folded subject',
    rules: [when(subject('strictly private'))],
    header: ['Subject: strictly', ' private'],
    is: YES,
  },
  {
    what: 'a subject folded by tabs',
    rules: [when(subject('a b c'))],
    header: ['Subject: a', '\tb', '\t c'],
    is: YES,
  },
  {
    what: 'the name of the field in any case',
    rules: [when(subject('secret'))],
    header: ['SUBJECT: secret'],
    is: YES,
  },
  { what: 'no subject at all', rules: [when(subject('secret'))], header: ['From: a@b.example'], is: NO },
  {
    what: 'the word in another field',
    rules: [when(subject('secret'))],
    header: ['Comments: secret', 'Subject: x'],
    is: NO,
  },
  { what: 'the word in the body', rules: [when(header('X-Body', 'header'))], header: ['Subject: x'], is: NO },
  {
    what: 'any of two subjects',
    rules: [when(subject('secret'))],
    header: ['Subject: x', 'Subject: secret'],
    is: YES,
  },
  { what: 'any of two words', rules: [when(subject('top', 'secret'))], header: ['Subject: secret'], is: YES },
  {
    what: 'not that subject, it is it',
    rules: [when(notSubject('newsletter'))],
    header: ['Subject: Newsletter 4'],
    is: NO,
  },
  {
    what: 'not that subject, another',
    rules: [when(notSubject('newsletter'))],
    header: ['Subject: Newsletters'],
    is: YES,
  },
  {
    what: 'not that subject, none',
    rules: [when(notSubject('newsletter'))],
    header: ['From: a@b.example'],
    is: YES,
  },
  {
    what: 'one word but not the other, only the one',
    rules: [when({ subject: { matchesAny: ['report'], matchesNone: ['public'] } })],
    header: ['Subject: report'],
    is: YES,
  },
  {
    what: 'one word but not the other, both',
    rules: [when({ subject: { matchesAny: ['report'], matchesNone: ['public'] } })],
    header: ['Subject: public report'],
    is: NO,
  },
  {
    what: 'a header field',
    rules: [when(header('X-Class', 'secret'))],
    header: ['x-class: Secret'],
    is: YES,
  },
  {
    what: 'a header field with another value',
    rules: [when(header('X-Class', 'secret'))],
    header: ['X-Class: open'],
    is: NO,
  },
  {
    what: 'a header field of another name',
    rules: [when(header('X-Class', 'secret'))],
    header: ['X-Classes: secret'],
    is: NO,
  },
  {
    what: 'one of several fields of that name',
    rules: [when(header('X-Class', 'secret'))],
    header: ['X-Class: open', 'X-Class: secret'],
    is: YES,
  },
  {
    what: 'a line without a colon makes the header unknown',
    rules: [when(header('X-Class', 'secret'))],
    header: ['X-Class secret'],
    is: YES,
  },
  {
    what: 'a field with a space before the colon',
    rules: [when(header('X-Class', 'secret'))],
    header: ['X-Class : secret'],
    is: YES,
  },
  {
    what: 'not that header, it is there',
    rules: [when(notHeader('Precedence', 'bulk'))],
    header: ['Precedence: bulk'],
    is: NO,
  },
  {
    what: 'not that header, it is not there',
    rules: [when(notHeader('Precedence', 'bulk'))],
    header: ['Subject: x'],
    is: YES,
  },
  {
    what: 'two headers, both right',
    rules: [
      when({
        header: [
          { name: 'A', matchesAny: ['one'] },
          { name: 'B', matchesAny: ['two'] },
        ],
      }),
    ],
    header: ['A: one', 'B: two'],
    is: YES,
  },
  {
    what: 'two headers, one right',
    rules: [
      when({
        header: [
          { name: 'A', matchesAny: ['one'] },
          { name: 'B', matchesAny: ['two'] },
        ],
      }),
    ],
    header: ['A: one', 'B: one'],
    is: NO,
  },
  {
    what: 'recipient and subject',
    rules: [when({ ...to('bank.example'), ...subject('x') })],
    header: ['Subject: x'],
    is: YES,
  },
  {
    what: 'recipient right, subject wrong',
    rules: [when({ ...to('bank.example'), ...subject('x') })],
    header: ['Subject: y'],
    is: NO,
  },
  {
    what: 'recipient wrong, subject right',
    rules: [when({ ...to('b.example'), ...subject('x') })],
    header: ['Subject: x'],
    is: NO,
  },
  { what: 'a header that was not given is not met', rules: [when(subject('x'))], is: NO },
  { what: 'a header that was not given is not "none of it" either', rules: [when(notSubject('x'))], is: NO },
]

/** All of them. */
export const TEXT_ROWS: readonly Row[] = [
  ...SUBJECT.map(([text, value, matches]) => ({
    what: `subject ${text}: ${value.slice(0, 40)}`,
    rules: [when(subject(text))],
    header: [`Subject: ${value}`],
    is: matches ? YES : NO,
  })),
  ...OTHERS,
]
