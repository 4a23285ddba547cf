/** What the history says of a message that was released from its rules, in short lines. Pure; anybody may have written it. */
import { isObject, parsedAs } from '../rules/json.js'
import { oneLine } from '../text/one-line.js'

/** What is recorded of a release. */
export interface ReleaseFacts {
  /** The order of the administrator, by which the delivery log names the release, too. */
  readonly order: string
  readonly message: string
  readonly from: string
  readonly to: string
  readonly rules: string
  readonly reason: string
}

/** Such as "allowed to leave once without TLS: the contract is due today". */
export function releaseLines(json: string | null): string[] {
  const { message, from, to, rules, reason } = releaseFactsIn(json)
  const shown = (value: unknown): string => (typeof value === 'string' ? oneLine(value) : 'unknown')
  return [
    `allowed to leave once without TLS: ${shown(reason)}`,
    `from ${shown(from)} to ${shown(to)}`,
    `without what is required by ${shown(rules)}; in the log ${shown(message)}`,
  ]
}

/** What a line of the history has of them. */
export function releaseFactsIn(json: string | null): Readonly<Partial<Record<keyof ReleaseFacts, unknown>>> {
  return parsedAs(json ?? '', isObject) ?? {}
}
