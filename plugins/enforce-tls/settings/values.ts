/** Kinds of values in `enforce-tls.ini`, as JSON Schema with what an error says, and what each becomes. Pure. */
import ms from 'ms'
import { comparableDomain, parseAddress } from '../rules/address.js'
import { parseOwner } from '../rules/owner.js'

/** A section as Haraka's config reader gives it: texts, numbers or lists of them. */
export type Section = Readonly<Record<string, unknown>>

/** Schemas of the keys of a section; `expected` is what an error says. */
export type Keys = Readonly<Record<string, { readonly expected: string }>>

const YES = ['true', 'yes', 'on', '1', 'enabled']
/** How "no" may be written. */
export const NO: readonly string[] = ['false', 'no', 'off', '0', 'disabled']

export const words = (...allowed: readonly string[]) => ({
  type: 'string',
  enum: allowed,
  expected: allowed.join(', '),
})
export const text = { type: 'string', minLength: 1, expected: 'a text' }
export const boolean = { type: 'string', enum: [...YES, ...NO], expected: 'true or false' }
export const mailbox = {
  ...text,
  format: 'mailbox',
  expected: 'an address such as postmaster@acme.example',
}
export const owner = {
  ...text,
  format: 'owner',
  expected: '* (the whole service), a sending domain such as acme.example, or one sender address',
}
/** Short ones are hardly meant: what is older is gone for ever. */
const AGE_MIN = 3_600_000
/** Days and more of something that is kept. */
export const age = { type: 'string', format: 'age', expected: 'a time of at least 1h, such as 90d' }
export const duration = { type: 'string', format: 'duration', expected: 'a time such as 500ms, 30s or 2m' }
export const durationOrNever = {
  type: 'string',
  format: 'duration-or-never',
  expected: 'a time such as 30m or 4h, or 0 for never',
}
export const count = (minimum: number, maximum: number) => ({
  type: 'integer',
  minimum,
  maximum,
  expected: `a whole number from ${minimum} to ${maximum}`,
})
/** @param format of one entry; any text without it */
export const list = (expected: string, format?: string) => ({
  type: 'array',
  items: format === undefined ? text : { ...text, format },
  expected,
})

export function or<T>(value: unknown, otherwise: T): T {
  return value === undefined ? otherwise : (value as T)
}

/** A property that is there only where it has a value. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V })
}

export function isYes(value: unknown, otherwise: boolean): boolean {
  return value === undefined ? otherwise : (YES as readonly unknown[]).includes(value)
}

export function milliseconds(value: unknown, otherwise: number): number {
  return value === undefined ? otherwise : Math.round(ms(value as ms.StringValue))
}

/** Whether that is a time for which something is kept. */
export function isAge(value: string): boolean {
  return isDuration(value) && ms(value as ms.StringValue) >= AGE_MIN
}

/** Whether that is a time with its unit. */
export function isDuration(value: string): boolean {
  return /^\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)$/.test(value)
}

/** A plain address, without a name before it. */
export function isMailbox(value: string): boolean {
  return 'address' in parseAddress(value)
}

/** Whether that names whose rules they are; a word alone, such as `all`, is hardly meant as a domain. */
export function isOwner(value: string): boolean {
  return 'owner' in parseOwner(value) && /^\*$|[.@]/.test(value)
}

/** An owner's normalised name; empty for none. */
export function ownerIn(value: unknown): string {
  const parsed = typeof value === 'string' ? parseOwner(value) : null
  return parsed !== null && 'owner' in parsed ? parsed.owner : ''
}

/** An address with its domain as A-labels; an empty text stays so. */
export function withAsciiDomain(value: string): string {
  const at = value.lastIndexOf('@')
  return at < 0 ? value : `${value.slice(0, at)}@${comparableDomain(value.slice(at + 1))}`
}
