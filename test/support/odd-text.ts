/** Texts that people, scripts and attackers write: whole Unicode, and what changes when it is normalised. */
import fc from 'fast-check'

/** Case, composition, IDNA, quoting, invisible characters, halves of characters. */
const ODD = [
  ...Array.from('İıſßẞΣσςΑŐﬁﬀǅ\u212a\u212b\u2126\u037e\u1fef\u0345각\u1112\u1161\u11ab'),
  '🏦',
  '\u{1d400}',
  '\u{10400}',
  '\ud800',
  '\udc00',
  '\u0307',
  '\u030c',
  'J',
  '\u0323',
  '\u0301',
  '\u00ad',
  '\u200b',
  '\u200d',
  '\u202e',
  '\u00a0',
  '\u2028',
  '\u3002',
  '\uff0e',
  '\uff10',
  '\ufeff',
  '\ufffd',
  '\u0085',
  ...Array.from('aZ9.-_ *@"\\,;:<>()[]/%$&\t\n\0='),
]

/** One odd character, or any. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD) },
  { weight: 2, arbitrary: fc.constantFrom('a', 'b', 'x', 'y') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
)

/** Any text, mostly of odd characters. */
export function oddText(maxLength: number, minLength = 0): fc.Arbitrary<string> {
  return fc.array(character, { minLength, maxLength }).map((parts) => parts.join(''))
}

const domains = fc.oneof(
  fc.constantFrom(
    'bank.example',
    'BÜCHER.example',
    'straße.example',
    'x.ΝΙΚΟΣ.example',
    'bank',
    'bank.',
    'faß.example.',
  ),
  fc.array(oddText(6, 1), { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.')),
)

/** A local part in quotation marks, as RFC 5321 and 6531 have it. */
export const quotedLocal = oddText(12).map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`)

/** A pattern, or nearly. */
export const oddPattern = fc.oneof(
  fc.tuple(fc.oneof(oddText(8, 1), quotedLocal), domains).map(([local, domain]) => `${local}@${domain}`),
  domains,
  domains.map((domain) => `.${domain}`),
  oddText(20),
  fc.constantFrom('*', 'group:banks', '""@x.example', '"a@b"@x.example'),
)
