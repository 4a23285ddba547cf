/**
 * What is known of the reports of a day, as texts of the store: which were sent, which failed, and whether all is done.
 * Pure; what cannot be read counts as not known, so that a report is sent once more rather than not at all.
 */
import type { JSONSchemaType } from 'ajv'
import { parsedAs } from '../../rules/json.js'
import { oneLine } from '../../text/one-line.js'
import { jsonShape } from '../../work/json-shape.js'

/** What became of one report on one way, or of the question whether a domain wants any. */
export interface Progress {
  /** `settled`: there is nothing to send after all. */
  readonly is: 'sent' | 'failed' | 'dropped' | 'settled'
  /** In milliseconds since the epoch. */
  readonly at: number
  /** Why it failed; empty where it did not. */
  readonly why: string
}

/** Names of no domain: the end of a day's work, and when what has failed is tried again. */
export const [DONE, RETRY_AT] = ['*', '+'] as const

const SCHEMA: JSONSchemaType<Progress> = {
  type: 'object',
  properties: {
    is: { type: 'string', enum: ['sent', 'failed', 'dropped', 'settled'] },
    at: { type: 'number' },
    why: { type: 'string' },
  },
  required: ['is', 'at', 'why'],
}
const isProgress = jsonShape(SCHEMA)

/** What is known of a day, by the name of each part. */
export type DayProgress = ReadonlyMap<string, Progress>

/** The name of a domain's report on one way, or without it of the question whether the domain wants any. */
export function partName(domain: string, uri?: string): string {
  return uri === undefined ? domain : `${domain} ${uri}`
}

/** Reads what the store has. */
export function readProgress(texts: ReadonlyMap<string, string>): DayProgress {
  const progress = new Map<string, Progress>()
  for (const [name, text] of texts) {
    const known = parsedAs(text, isProgress)
    if (known !== null) progress.set(name, known)
  }
  return progress
}

/** As the store keeps it. */
export function progressText(is: Progress['is'], at: number, why = ''): string {
  return JSON.stringify({ is, at, why: oneLine(why) } satisfies Progress)
}

/** Whether there is nothing left to do for a part. */
export function isEnded(progress: Progress | undefined): boolean {
  return progress !== undefined && progress.is !== 'failed'
}
