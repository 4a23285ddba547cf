/**
 * Says that partners work where that is seen outside a Haraka, by a check of the command: every Haraka that has mail
 * waiting for them, under what they were seen to fulfil, tries it now. Rejects with a `StoreError` where the store does
 * not answer.
 */
import { randomBytes } from 'node:crypto'
import type { Requirement } from '../rules/requirement.js'
import type { SharedHashes } from '../store/shared-hashes.js'
import { HASHES } from './orders.js'
import { gatewayKey, partnerKey, termsOf } from './record.js'

/** A partner, and what its servers were seen to fulfil. */
export interface Working {
  readonly domain: string
  readonly requirement: Requirement
}

/** @returns the domains of those that some mail waits for */
export async function sayWorking(hashes: SharedHashes, seen: readonly Working[]): Promise<string[]> {
  const awaited = await hashes.fields(HASHES.partners)
  const words = new Map<string, string>()
  const domains = new Set<string>()
  for (const { domain, requirement } of seen) {
    const partner = partnerKey(domain, termsOf(requirement))
    if (!awaited.has(partner)) continue
    words.set(partner, randomBytes(9).toString('base64url'))
    domains.add(domain)
  }
  if (words.size > 0) await hashes.write(HASHES.working, words)
  return [...domains]
}

/** The same of a gateway. @returns whether some mail waits for it */
export async function sayGatewayWorking(hashes: SharedHashes, name: string): Promise<boolean> {
  const key = gatewayKey(name)
  if (!(await hashes.fields(HASHES.partners)).has(key)) return false
  await hashes.write(HASHES.working, new Map([[key, randomBytes(9).toString('base64url')]]))
  return true
}
