/**
 * What the rules and a check of the recipient's servers mean together for one message, in one sentence. It claims no more than
 * both know: what is unknown stays so. Pure.
 */
import type { Direction } from '../rules/rule.js'
import { addUpAll, requirementOfAction, type Requirement } from '../rules/requirement.js'
import type { Ruling } from '../rules/rule-list.js'
import type { Waiver } from '../requiretls/waiver.js'
import type { PartnerCheck, PartnerVerdict } from './types.js'

/** All that can become of a message; `required`: it depends on whoever brings it, or on servers that were not asked. */
export const CONSEQUENCES = [
  'delivered',
  'free',
  'rerouted',
  'as-usual',
  'required',
  'waits',
  'bounced',
  'depends',
  'unknown',
] as const

/** What becomes of a message. */
export interface Consequence {
  readonly outcome: (typeof CONSEQUENCES)[number]
  /** Whole sentences, the result first. */
  readonly sentence: string
}

/** What is known of the message. */
export interface Tried {
  readonly direction: Direction
  /** `null`: unknown, since entries are not valid. */
  readonly ruling: Ruling | null
  /** Whether Haraka takes its rules from the store that they are read from. */
  readonly taken: boolean
  /** Whether no header that was not given could change it. */
  readonly certain: boolean
  /** Whether nothing is enforced (`report_only`). */
  readonly reportOnly: boolean
  /** `null` where the servers were not asked. */
  readonly check: PartnerCheck | null
  /** What `TLS-Required: No` in its header comes to. @default nothing */
  readonly waiver?: Waiver | null
}

/** What is to be checked: what is required, else what report mode would require, else any TLS. */
export function requirementTried(
  { requirement, reported }: Pick<Ruling, 'requirement' | 'reported'>,
  domain: string,
): Requirement {
  return requirement ?? addUpAll(reported) ?? requirementOfAction({ level: 'encrypt' }, domain)
}

/** What the servers' answers come to where TLS is required. */
const SENTENCES: Readonly<Record<PartnerVerdict, string>> = {
  delivered: 'Delivered over TLS.',
  free: 'Delivered, with or without encryption: the domain publishes nothing, and the rule allows that.',
  rerouted: 'Handed to a gateway.',
  waits: 'Waits, and bounces if nothing changes before the retries end.',
  bounced: 'Bounces.',
  'not-known': 'Unknown: the servers gave no clear answer. The message waits, and is tried again.',
}

/** The same where nothing is enforced. */
const WOULD: Readonly<Record<PartnerVerdict, string>> = {
  delivered: 'it would have left over TLS',
  free: 'it would have left, with or without encryption',
  rerouted: 'it would have gone through a gateway',
  waits: 'it would have waited',
  bounced: 'it would have bounced',
  'not-known': 'what would have become of it is unknown',
}

/** What becomes of the message. */
export function consequenceOf({
  direction,
  ruling,
  taken,
  certain,
  reportOnly,
  check,
  waiver = null,
}: Tried): Consequence {
  if (!taken) return { outcome: 'unknown', sentence: UNTAKEN }
  if (ruling === null)
    return {
      outcome: 'waits',
      sentence: 'Waits until entries of the rules that are not valid are corrected or deleted.',
    }
  const { requirement, reported } = ruling
  if (!requirement && !certain)
    return { outcome: 'depends', sentence: "Depends on the message's headers: give them, and ask again." }
  const isWaived = waiver?.effect === 'frees' || waiver?.effect === 'reported'
  if (isWaived && requirement && !reportOnly) return { outcome: 'as-usual', sentence: WAIVED }
  if (!requirement || reportOnly) {
    const seen = isWaived
      ? '; report mode records that its sender waived TLS'
      : check && (requirement ?? reported[0])
        ? `; report mode records that ${WOULD[check.verdict]}`
        : ''
    const sentence = requirement
      ? `As usual, since this server is in report mode and enforces nothing${seen}.`
      : `As usual: no rule requires TLS, so it may leave unencrypted${seen}.`
    return { outcome: 'as-usual', sentence: direction === 'incoming' ? AS_USUAL_IN : sentence }
  }
  if (direction === 'incoming')
    return { outcome: 'required', sentence: 'Accepted over TLS; without it, rejected.' }
  if (check === null)
    return {
      outcome: 'required',
      sentence: 'Delivered where a receiving server meets the requirement, and not otherwise.',
    }
  const outcome = check.verdict === 'not-known' ? 'unknown' : check.verdict
  return { outcome, sentence: SENTENCES[check.verdict] }
}

const WAIVED =
  'As usual, since the message says TLS-Required: No: the rule requires only what the domain publishes, and that is waived, so it may leave unencrypted.'
const UNTAKEN =
  'Unknown: Haraka takes no rules from this store. It goes by the rules that it has read before, and other mail waits.'
const AS_USUAL_IN = 'Accepted as usual, with or without TLS.'
