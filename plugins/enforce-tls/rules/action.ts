/** The check of a rule's action beyond its schema: what a level needs, and what makes no sense with it. Pure. */
import { parseDomain } from './address.js'
import { gatewayNameProblem } from './gateway-name.js'
import { definitionOf } from './levels.js'
import { unusable, type Unusable } from './spelling.js'
import type { Direction, RelayWithTls, RuleProblem } from './rule.js'
import type { Flaw } from './flaw.js'
import { isTrustName, TRUST_NAME_EXPECTED } from './trust-name.js'

const FIELD = 'actions.relayWithTls'

/** Either the action with its texts in their one spelling, or what is wrong with it. */
export function checkAction(action: RelayWithTls, direction: Direction): RelayWithTls | RuleProblem {
  const { level, minVersion, names, fingerprints, otherwise, onFailure, via, trust, requireOnward } = action
  if (direction === 'incoming') return checkIncoming(action)
  const { names: named, pinned, published } = definitionOf(level)
  if (names && named !== 'domain')
    return {
      field: `${FIELD}.names`,
      problem: `has no meaning at level ${level}; it is for level secure`,
      saysExpected: true,
    }
  if (fingerprints && !pinned)
    return {
      field: `${FIELD}.fingerprints`,
      problem: `has no meaning at level ${level}; it is for level fingerprint`,
      saysExpected: true,
    }
  if (pinned && !fingerprints)
    return { field: `${FIELD}.fingerprints`, problem: `is missing; level ${level} needs at least one` }
  if (otherwise && published === null)
    return {
      field: `${FIELD}.otherwise`,
      problem: `has no meaning at level ${level}; it is for levels dane, mta-sts and published`,
      saysExpected: true,
    }
  if (trust !== undefined) {
    const problem = trustProblem(level, trust)
    if (problem) return problem
  }
  if (requireOnward && !definitionOf(level).encrypted)
    return {
      field: `${FIELD}.requireOnward`,
      problem: `has no meaning at level ${level}, which requires no TLS`,
      saysExpected: true,
    }
  const noGateway = gatewayProblem(action)
  if (noGateway) return noGateway
  const checkedNames = each(names, 'names', parseName)
  if ('problem' in checkedNames) return checkedNames
  const checkedFingerprints = each(fingerprints, 'fingerprints', parseFingerprint)
  if ('problem' in checkedFingerprints) return checkedFingerprints
  return {
    level,
    ...(minVersion ? { minVersion } : {}),
    ...(names ? { names: checkedNames.texts } : {}),
    ...(fingerprints ? { fingerprints: checkedFingerprints.texts } : {}),
    ...(otherwise ? { otherwise } : {}),
    ...(onFailure ? { onFailure } : {}),
    ...(trust === undefined ? {} : { trust }),
    ...(via ? { via } : {}),
    ...(requireOnward ? { requireOnward } : {}),
  }
}

/** What the trust itself has to do with the level is known where the settings are. */
function trustProblem(level: RelayWithTls['level'], trust: string): RuleProblem | null {
  const field = `${FIELD}.trust`
  if (!isTrustName(trust))
    return {
      field,
      value: trust,
      problem: 'cannot be the name of a trust',
      expected: TRUST_NAME_EXPECTED,
    }
  return definitionOf(level).encrypted
    ? null
    : { field, problem: `has no meaning at level ${level}, which requires no TLS`, saysExpected: true }
}

/** What is wrong with where a rule sends mail instead of to the recipients' servers; `null` for nothing. */
function gatewayProblem({ level, onFailure, via }: RelayWithTls): RuleProblem | null {
  if (via === undefined)
    return onFailure === 'reroute'
      ? {
          field: `${FIELD}.via`,
          problem: 'is missing; onFailure reroute needs the gateway that mail goes through then',
          expected: 'the name of a gateway in [gateways] of enforce-tls.ini',
        }
      : null
  const problem = gatewayNameProblem(via)
  if (problem !== null) return { field: `${FIELD}.via`, value: via, problem }
  return level === 'none'
    ? {
        field: `${FIELD}.via`,
        problem: 'has no meaning at level none, which requires nothing',
        saysExpected: true,
      }
    : null
}

/** Mail that comes in is taken over TLS or not at all; there is nothing to say of the other side's certificate. */
function checkIncoming(action: RelayWithTls): RelayWithTls | RuleProblem {
  const { level, ...others } = action
  if (level !== 'none' && level !== 'encrypt')
    return {
      field: `${FIELD}.level`,
      problem: `${level} has no meaning for incoming mail, whose sender shows no certificate`,
      expected: 'none or encrypt',
    }
  const [other] = Object.keys(others)
  if (other !== undefined)
    return {
      field: `${FIELD}.${other}`,
      problem: 'has no meaning for incoming mail',
      expected: 'level alone',
    }
  return { level }
}

type Parsed = { readonly text: string } | Unusable

function each(
  texts: readonly string[] | undefined,
  name: string,
  parse: (text: string) => Parsed,
): { readonly texts: string[] } | RuleProblem {
  const done = new Set<string>()
  for (const [index, text] of (texts ?? []).entries()) {
    const parsed = parse(text)
    if ('problem' in parsed) return { field: `${FIELD}.${name}[${index}]`, value: text, ...parsed }
    done.add(parsed.text)
  }
  return { texts: [...done] }
}

/** A DNS name, or with a leading dot any name below it. */
function parseName(text: string): Parsed {
  const parsed = parseNameExactly(text)
  return 'text' in parsed ? parsed : unusable(text, parsed, readName)
}

function readName(text: string): string | null {
  const parsed = parseNameExactly(text)
  return 'text' in parsed && parsed.text.includes('.') ? parsed.text : null
}

function parseNameExactly(text: string): { readonly text: string } | Flaw {
  const dot = text.startsWith('.') ? '.' : ''
  const parsed = parseDomain(text.slice(dot.length))
  return 'problem' in parsed ? parsed : { text: dot + parsed.domain }
}

/** A SHA-256 fingerprint, in the spelling of `openssl x509 -fingerprint -sha256`. */
function parseFingerprint(text: string): Parsed {
  const digits = text.replace(/:/g, '').toUpperCase()
  if (!/^[0-9A-F]{64}$/.test(digits))
    return { problem: 'is no SHA-256 fingerprint', expected: '64 hexadecimal digits, with or without colons' }
  return { text: digits.replace(/(..)(?=.)/g, '$1:') }
}
