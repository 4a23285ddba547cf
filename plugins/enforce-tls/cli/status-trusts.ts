/** The named trusts of the settings: which can be used, until when, and what is to be mended. */
import path from 'node:path'
import type { TrustFacts } from '../delivery/tls/trust-facts.js'
import { Trusts } from '../delivery/tls/trusts.js'
import { inDays } from '../check/verdict.js'
import type { Surroundings } from './context.js'

/** The trusts; none beside `--redis` and `--file`, which know no settings. */
export function trustState({
  settings: { trusts },
  folder,
}: Pick<Surroundings, 'settings' | 'folder'>): readonly TrustFacts[] {
  if (folder === null) return []
  return new Trusts(trusts, path.join(folder, 'config'), () => null).facts()
}

/** A line for each. */
export function formatTrusts(trusts: readonly TrustFacts[]): string[] {
  return trusts.map(({ name, problem, certificates }) => {
    const ends = certificates.map(
      ({ use, file, validTo, daysLeft }) =>
        `${use === 'ca' ? 'authority' : 'client certificate'} in ${file} until ${validTo.slice(0, 10)} (${inDays(daysLeft)})`,
    )
    return `${name}: ${[problem === null ? 'usable' : 'unusable', ...ends].join(', ')}`
  })
}

/** What is to be mended. */
export function trustWarnings(trusts: readonly TrustFacts[]): string[] {
  return trusts.flatMap(({ name, problem, warnings }) => [
    ...(problem === null ? [] : [`trust ${name} cannot be used, so mail of its rules waits: ${problem}`]),
    ...warnings.map(({ text }) => `trust ${name}: ${text}`),
  ])
}
