/**
 * A report for a page, which shows the first rows of each table and says how many more there are: a long log has megabytes
 * of them. Pure.
 */
import { sorting, type InPieces } from '../work/pieces.js'
import type { DeliveryReport, PartnerReport } from './delivery-report.js'

/** How many of each list are left out. */
export interface LeftOut {
  readonly partners: number
  readonly rules: number
  readonly releases: number
  readonly expiring: number
  /** Of the partners, shown or not: how many some mail failed for. */
  readonly failing: number
}

type Failures = DeliveryReport['failures'][number] & {
  /** How many of its partners are left out. */
  readonly morePartners: number
}

export type ShortReport<T extends DeliveryReport> = Omit<T, 'failures'> & {
  readonly failures: readonly Failures[]
  readonly left: LeftOut
}

/** The same with at most so many rows of each list; of partners, those first that most mail failed for. */
export function* shortening<T extends DeliveryReport>(report: T, most: number): InPieces<ShortReport<T>> {
  const { partners, rules, releases, expiring, failures } = report
  const failing: PartnerReport[] = []
  const others: PartnerReport[] = []
  for (const [index, each] of partners.entries()) {
    if (index % PIECE === PIECE - 1) yield
    ;(isFailing(each) ? failing : others).push(each)
  }
  const shown = [...(yield* sorting(failing, mostFailed)).slice(0, most), ...others].slice(0, most)
  const rest = ({ length }: { readonly length: number }): number => Math.max(0, length - most)
  return {
    ...report,
    partners: shown,
    rules: rules.slice(0, most),
    releases: releases.slice(0, most),
    expiring: expiring.slice(0, most),
    failures: failures.map((each) => ({
      ...each,
      partners: each.partners.slice(0, most),
      morePartners: rest(each.partners),
    })),
    left: {
      partners: rest(partners),
      rules: rest(rules),
      releases: rest(releases),
      expiring: rest(expiring),
      failing: failing.length,
    },
  }
}

/** So many are looked at between two yields. */
const PIECE = 500

function isFailing({ enforced, failures }: PartnerReport): boolean {
  return lost(enforced) + enforced.waiting > 0 || Object.keys(failures).length > 0
}

function mostFailed({ enforced: a }: PartnerReport, { enforced: b }: PartnerReport): number {
  return lost(b) - lost(a) || b.waiting - a.waiting
}

function lost({ bounced, kept }: PartnerReport['enforced']): number {
  return bounced + kept
}
