/** A policy on a store in memory: what it answers, in a word, and what it logs. */
import type { TestContext } from 'node:test'
import { Policy, type PolicyAnswer } from '../../../plugins/enforce-tls/policy/policy.js'
import type { PolicyCacheOptions } from '../../../plugins/enforce-tls/policy/cache.js'
import { HeaderBlock } from '../../../plugins/enforce-tls/rules/header-block.js'
import type { DecidingStore } from '../../../plugins/enforce-tls/store/rule-store.js'
import { FakeStore } from './fake-store.js'

export const ann = { local: 'ann', domain: 'acme.example' }
export const cfo = { local: 'cfo', domain: 'bank.example' }

export interface PolicyScene<S = FakeStore> {
  readonly store: S
  readonly policy: Policy
  /** Level and text, without what follows the place. */
  readonly lines: string[]
  /** Of mail to cfo@bank.example: a level, `free`, `away` or `waits`; the last two are unknown. */
  readonly ask: () => Promise<string>
}

export function policyScene(t: TestContext, options?: Partial<PolicyCacheOptions>): PolicyScene
export function policyScene<S extends DecidingStore>(
  t: TestContext,
  options: Partial<PolicyCacheOptions>,
  store: S,
): PolicyScene<S>
export function policyScene(
  t: TestContext,
  options: Partial<PolicyCacheOptions> = {},
  store: DecidingStore = new FakeStore(),
): PolicyScene<DecidingStore> {
  const lines: string[] = []
  const log = (level: string) => (line: string) => void lines.push(`${level}: ${line}`)
  const policy = new Policy(store, {
    log: { logerror: log('error'), logwarn: log('warn'), lognotice: log('notice') },
    maxOwners: 100,
    timeout: 1000,
    ...options,
  })
  t.after(() => policy.close())
  const headers = () => new HeaderBlock('Subject: Offer\r\n\r\n')
  return { store, policy, lines, ask: async () => inAWord(await policy.rulingsOn(ann, [cfo], headers)) }
}

function inAWord(answer: PolicyAnswer): string {
  if (answer.is === 'unknown') return answer.isAway ? 'away' : 'waits'
  return answer.rulings.map(({ requirement }) => requirement?.level ?? 'free').join()
}
