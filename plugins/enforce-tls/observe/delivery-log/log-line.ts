/** A delivery event as one line of Haraka's log: `name=value` pairs in a fixed order. Pure. */
import { oneLine } from '../../text/one-line.js'
import type { DeliveryLogEntry } from './schema.js'

/** Texts that can't be taken for the end of a value, or for another pair. */
const PLAIN = /^[\w@%+:,./[\]*-]+$/

const NAMES = [
  'mx',
  'address',
  'protocol',
  'cipher',
  'fingerprint',
  'issuer',
  'verified',
  'reused',
  'class',
  'status',
  'detail',
] as const

/**
 * The line of an event, such as `attempt uuid=… rule=r1 owner=acme.example level=encrypt … result=secured`. What
 * is not known is left out; a value with anything but letters, digits and `@%+:,./[]*_-` is a JSON string.
 */
export function logLine(entry: DeliveryLogEntry): string {
  const { kind, uuid, rules, level, domain, recipients, result } = entry
  const pairs: [string, string][] = [
    ['uuid', uuid],
    ['rule', rules.map(({ id }) => id).join(',')],
    ['owner', rules.map(({ owner }) => owner).join(',')],
    ['level', level],
    ['domain', domain],
    ['recipients', String(recipients)],
    ['result', result],
    ...NAMES.flatMap((name): [string, string][] => {
      const value = entry[name]
      return value === undefined ? [] : [[name, value]]
    }),
  ]
  return [kind, ...pairs.map(([name, value]) => `${name}=${shown(value)}`)].join(' ')
}

function shown(value: string): string {
  const line = oneLine(value)
  return PLAIN.test(line) ? line : JSON.stringify(line)
}
