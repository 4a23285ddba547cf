/** Which policy holds for a domain over time: kept, changed, gone, unknown; with a clock, a DNS and fetches of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FetchedPolicy } from '../../../../plugins/enforce-tls/published/mta-sts/policy-fetch.js'
import { MemoryPolicyStore } from '../../../../plugins/enforce-tls/published/mta-sts/policy-store.js'
import {
  StsPolicies,
  type StsAnswer,
  type UnknownSts,
} from '../../../../plugins/enforce-tls/published/mta-sts/sts-policies.js'
import { POLICY, TableDns } from '../../../support/policy-server.js'

const DOMAIN = 'bank.example'
const TXT = `TXT _mta-sts.${DOMAIN}`
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]
const WEEK = 604_800
const FAILS = {
  kind: 'failed',
  cause: 'fetch',
  why: 'the policy could not be fetched',
} as const satisfies FetchedPolicy

/** One process, or several on the same store, DNS and partners. */
class Scene {
  now = Date.UTC(2026, 0, 1)
  readonly dns = new TableDns({ [TXT]: ['v=STSv1; id=1'] })
  store = new MemoryPolicyStore()
  readonly storeFailures: string[] = []
  storeFails = false
  /** What partners' servers send; one that is silent, or not in it, does not answer until told. */
  readonly published: Record<string, FetchedPolicy | 'silent'> = { [DOMAIN]: sends(POLICY) }
  readonly fetched: string[] = []
  readonly #waiting: (() => void)[] = []
  readonly policies = this.process()

  process(): StsPolicies {
    const failing = (): Promise<never> => Promise.reject(new Error('Redis is away'))
    return new StsPolicies({
      dns: this.dns,
      store: {
        get: (domain) => (this.storeFails ? failing() : this.store.get(domain)),
        put: (domain, value) => (this.storeFails ? failing() : this.store.put(domain, value)),
      },
      onStoreFailure: (why) => this.storeFailures.push(why),
      fetchPolicy: async (domain) => {
        this.fetched.push(domain)
        if ((this.published[domain] ?? 'silent') === 'silent')
          await new Promise<void>((resolve) => this.#waiting.push(resolve))
        const answer = this.published[domain] ?? 'silent'
        return answer === 'silent' ? FAILS : answer
      },
      now: () => this.now,
    })
  }

  /** Lets all who wait have their answer. */
  answerAll(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  announce(...texts: string[]): void {
    this.dns.records[TXT] = texts
  }

  ask(policies = this.policies): Promise<StsAnswer> {
    return policies.policyOf(DOMAIN)
  }
}

function sends(text: string): FetchedPolicy {
  return { kind: 'fetched', text }
}

/** Lets a refresh in the background end. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function assertPolicy(answer: StsAnswer, expected: object): void {
  assert.equal(answer.kind, 'policy', JSON.stringify(answer))
  const { mode, mx, id, age, stale } = answer
  assert.deepEqual(
    { mode, mx, id, age, stale },
    { mode: 'enforce', mx: ['mx.bank.example'], id: '1', age: 0, stale: '', ...expected },
  )
}

const UNKNOWN = (why: string, cause: UnknownSts['cause'] = 'dns'): StsAnswer => ({
  kind: 'unknown',
  cause,
  why,
})
const NONE = { kind: 'none', why: '', authentic: true }

describe('a domain at the first contact', () => {
  it('has the policy that it announces and sends', async () => {
    const scene = new Scene()
    const answer = await scene.policies.policyOf('Bank.Example.')
    assert.deepEqual(answer, {
      kind: 'policy',
      domain: 'bank.example',
      mode: 'enforce',
      mx: ['mx.bank.example'],
      maxAge: WEEK,
      id: '1',
      age: 0,
      text: POLICY,
      problems: [],
      stale: '',
    })
  })

  it('has none without a TXT record, and its server is not asked', async () => {
    const scene = new Scene()
    for (const texts of [[], ['v=spf1 -all']]) {
      scene.announce(...texts)
      assert.deepEqual(await scene.ask(), NONE)
    }
    assert.deepEqual(scene.fetched, [])
  })

  it('has none with TXT records that do not count, and it is said why', async () => {
    const scene = new Scene()
    scene.announce('v=STSv1; id=1', 'v=STSv1; id=2')
    const why = '_mta-sts.bank.example has 2 TXT records that begin with "v=STSv1;"; only one is allowed'
    assert.deepEqual(await scene.ask(), { kind: 'none', why, authentic: true })
    assert.deepEqual(scene.fetched, [])
  })

  it('is unknown while DNS fails', async () => {
    const scene = new Scene()
    scene.dns.records[TXT] = 'fails'
    assert.deepEqual(
      await scene.ask(),
      UNKNOWN('the DNS look-up of TXT _mta-sts.bank.example failed: SERVFAIL'),
    )
    assert.deepEqual(scene.fetched, [])
  })

  it('is unknown while its policy cannot be fetched, which is tried every five minutes', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = FAILS
    for (let tries = 0; tries < 3; tries++) assert.deepEqual(await scene.ask(), UNKNOWN(FAILS.why, 'fetch'))
    assert.equal(scene.fetched.length, 1)
    scene.published[DOMAIN] = sends(POLICY)
    scene.now += 5 * MINUTE - SECOND
    assert.equal((await scene.ask()).kind, 'unknown')
    scene.now += SECOND
    assertPolicy(await scene.ask(), {})
  })

  it('is unknown with a policy that is not valid, and it is said why', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = sends(POLICY.replace('mx:', 'nmx:'))
    assert.deepEqual(
      await scene.ask(),
      UNKNOWN(
        'the MTA-STS policy of bank.example is not valid: line 3: "nmx" is ignored: there is no such field; did you mean "mx"?; there is no valid mx',
        'policy',
      ),
    )
  })

  it('has a policy without the lines that do not count, and they are named', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = sends(`${POLICY}mx: 192.0.2.1\n`)
    const answer = await scene.ask()
    assertPolicy(answer, {})
    assert.equal(answer.kind === 'policy' && answer.problems[0]?.line, 5)
  })

  for (const mode of ['testing', 'none'])
    it(`may have mode ${mode}`, async () => {
      const scene = new Scene()
      scene.published[DOMAIN] = sends(POLICY.replace('enforce', mode))
      assertPolicy(await scene.ask(), { mode })
    })

  it('is unknown where it is no domain', async () => {
    assert.deepEqual(
      await new Scene().policies.policyOf('[192.0.2.1]'),
      UNKNOWN('"[192.0.2.1]" is not a domain name'),
    )
  })
})

describe('a policy that holds', () => {
  it('is not fetched again for the same id', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.now += 23 * HOUR
    assertPolicy(await scene.ask(), { age: (23 * HOUR) / SECOND })
    await settled()
    assert.equal(scene.fetched.length, 1)
  })

  const LOST: readonly [title: string, lose: (scene: Scene) => void, stale: RegExp][] = [
    ['DNS fails', (scene) => (scene.dns.records[TXT] = 'fails'), /look-up of TXT .*SERVFAIL/],
    [
      'the TXT record is gone',
      (scene) => scene.announce(),
      /^_mta-sts\.bank\.example has no TXT record of MTA-STS any more$/,
    ],
    [
      'the TXT record is there twice',
      (scene) => scene.announce('v=STSv1; id=1', 'v=STSv1; id=1'),
      /has 2 TXT records/,
    ],
    [
      'the new policy cannot be fetched',
      (scene) => {
        scene.announce('v=STSv1; id=2')
        scene.published[DOMAIN] = FAILS
      },
      /could not be fetched/,
    ],
    [
      'the new policy is not valid',
      (scene) => {
        scene.announce('v=STSv1; id=2')
        scene.published[DOMAIN] = sends('version: STSv2')
      },
      /is not valid: line 1: version is "STSv2"/,
    ],
  ]
  for (const [title, lose, stale] of LOST)
    it(`holds on to its last moment when ${title}`, async () => {
      const scene = new Scene()
      await scene.ask()
      lose(scene)
      scene.now += WEEK * SECOND - 1
      const answer = await scene.ask()
      assert.match(answer.kind === 'policy' ? answer.stale : answer.kind, stale)
      assert.equal(answer.kind === 'policy' && answer.id, '1')
    })

  it('is none when it has run out and the TXT record is gone, and is kept no longer', async () => {
    const scene = new Scene()
    await scene.ask()
    assert.notEqual(await scene.store.get(DOMAIN), null)
    scene.announce()
    scene.now += WEEK * SECOND
    assert.deepEqual(await scene.ask(), NONE)
    assert.equal(await scene.store.get(DOMAIN), null)
  })

  it('is unknown when it has run out and DNS or the server fails', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.now += WEEK * SECOND
    scene.published[DOMAIN] = FAILS
    assert.deepEqual(await scene.ask(), UNKNOWN(FAILS.why, 'fetch'))
    scene.dns.records[TXT] = 'fails'
    assert.equal((await scene.ask()).kind, 'unknown')
  })

  it('is replaced as soon as the id is another', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.published[DOMAIN] = sends(POLICY.replace('mx.bank', '*.bank'))
    assertPolicy(await scene.ask(), {})
    scene.announce('v=STSv1; id=2')
    assertPolicy(await scene.ask(), { id: '2', mx: ['*.bank.example'] })
    assertPolicy(await scene.ask(), { id: '2', mx: ['*.bank.example'] })
    assert.equal(scene.fetched.length, 2)
  })

  it('is fetched again after a day, and nobody waits for that', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.now += DAY
    assertPolicy(await scene.ask(), { age: DAY / SECOND })
    await settled()
    assertPolicy(await scene.ask(), {})
    assert.equal(scene.fetched.length, 2)
  })

  it('is fetched again while DNS fails, so that it does not run out', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.dns.records[TXT] = 'fails'
    for (let days = 0; days < 14; days++) {
      scene.now += DAY
      assert.equal((await scene.ask()).kind, 'policy')
      await settled()
    }
    assert.equal(scene.fetched.length, 15)
  })

  it('is not fetched again without a TXT record, so that it runs out', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.announce()
    scene.now += 2 * DAY
    assert.equal((await scene.ask()).kind, 'policy')
    await settled()
    assert.equal(scene.fetched.length, 1)
  })

  it('for a short time is fetched again at half of it', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = sends(POLICY.replace('604800', '3600'))
    await scene.ask()
    scene.now += HOUR / 2
    await scene.ask()
    await settled()
    assert.equal(scene.fetched.length, 2)
  })

  it('for no time is fetched every five minutes', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = sends(POLICY.replace('604800', '0'))
    assertPolicy(await scene.ask(), {})
    scene.now += 4 * MINUTE
    assertPolicy(await scene.ask(), { age: 240 })
    assert.equal(scene.fetched.length, 1)
    scene.now += MINUTE
    assertPolicy(await scene.ask(), {})
    assert.equal(scene.fetched.length, 2)
  })

  it('is fetched again when mail would be given up, once a minute', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.published[DOMAIN] = sends(POLICY.replace('mx.bank', 'mx2.bank'))
    scene.now += MINUTE
    assertPolicy(await scene.policies.policyOf(DOMAIN, { urgent: true }), { mx: ['mx2.bank.example'] })
    assertPolicy(await scene.policies.policyOf(DOMAIN, { urgent: true }), { mx: ['mx2.bank.example'] })
    assert.equal(scene.fetched.length, 2)
    scene.published[DOMAIN] = FAILS
    scene.now += MINUTE
    assertPolicy(await scene.policies.policyOf(DOMAIN, { urgent: true }), {
      mx: ['mx2.bank.example'],
      age: 60,
      stale: FAILS.why,
    })
  })

  it('holds after the clock was set back, and is fetched again', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.now -= 2 * HOUR
    assertPolicy(await scene.ask(), {})
    await settled()
    assert.equal(scene.fetched.length, 2)
  })
})

describe('policies of several processes', () => {
  it('are fetched by one of them', async () => {
    const scene = new Scene()
    await scene.ask()
    assertPolicy(await scene.ask(scene.process()), {})
    assert.equal(scene.fetched.length, 1)
  })

  it('are not fetched back and forth while one still has the old TXT record', async () => {
    const scene = new Scene()
    const behind = scene.process()
    await scene.ask()
    for (let turn = 0; turn < 3; turn++) {
      scene.announce('v=STSv1; id=2')
      await scene.ask()
      scene.announce('v=STSv1; id=1')
      scene.now += SECOND
      await scene.ask(behind)
    }
    assert.equal(scene.fetched.length, 3)
  })

  it('are the newest there is', async () => {
    const scene = new Scene()
    const behind = scene.process()
    scene.announce('v=STSv1; id=0')
    await scene.ask(behind)
    scene.now += MINUTE
    scene.announce('v=STSv1; id=1')
    scene.published[DOMAIN] = sends(POLICY.replace('mx.bank', 'mx2.bank'))
    await scene.ask()
    scene.announce('v=STSv1; id=0')
    assertPolicy(await scene.ask(behind), { mx: ['mx2.bank.example'] })
  })

  it('hold on while the store is away, which is said once', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.storeFails = true
    scene.announce()
    for (let tries = 0; tries < 3; tries++) assert.equal((await scene.ask()).kind, 'policy')
    assert.deepEqual(scene.storeFailures, ['Redis is away'])
    assert.deepEqual(
      await scene.ask(scene.process()),
      UNKNOWN('whether bank.example had an MTA-STS policy is unknown: Redis is away'),
    )
  })

  it('are fetched while the store is away, and kept in memory', async () => {
    const scene = new Scene()
    scene.storeFails = true
    assertPolicy(await scene.ask(), {})
    scene.dns.records[TXT] = 'fails'
    assert.equal((await scene.ask()).kind, 'policy')
    scene.storeFails = false
    assert.equal((await scene.ask()).kind, 'policy')
    assert.equal(scene.fetched.length, 1)
  })

  it('are newer in memory than in a store that was away', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.storeFails = true
    scene.now += MINUTE
    scene.announce('v=STSv1; id=2')
    assertPolicy(await scene.ask(), { id: '2' })
    scene.storeFails = false
    scene.dns.records[TXT] = 'fails'
    const answer = await scene.ask()
    assert.equal(answer.kind === 'policy' && answer.id, '2')
  })

  it('hold on when the store has lost them', async () => {
    const scene = new Scene()
    await scene.ask()
    scene.store = new MemoryPolicyStore()
    scene.announce()
    assert.equal((await scene.ask()).kind, 'policy')
  })

  for (const value of [
    '',
    'null',
    '[]',
    '{"id":"1"}',
    '{"id":1,"fetchedAt":1,"text":""}',
    JSON.stringify({ id: '1', fetchedAt: 1, text: 'x' }),
  ])
    it(`are fetched where the store has ${value === '' ? 'an empty text' : value}`, async () => {
      const scene = new Scene()
      await scene.store.put(DOMAIN, value)
      assertPolicy(await scene.ask(), {})
      assert.equal(scene.fetched.length, 1)
    })
})

describe('fetches of policies', () => {
  it('are made once, however many ask', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = 'silent'
    const answers = Promise.all([1, 2, 3].map(() => scene.ask()))
    await settled()
    scene.published[DOMAIN] = sends(POLICY)
    scene.answerAll()
    for (const answer of await answers) assertPolicy(answer, {})
    assert.equal(scene.fetched.length, 1)
  })

  it('are made again for an id that came meanwhile', async () => {
    const scene = new Scene()
    scene.published[DOMAIN] = 'silent'
    const first = scene.ask()
    await settled()
    scene.announce('v=STSv1; id=2')
    const others = Promise.all([scene.ask(), scene.ask()])
    await settled()
    scene.published[DOMAIN] = sends(POLICY)
    scene.answerAll()
    assertPolicy(await first, {})
    for (const answer of await others) assertPolicy(answer, { id: '2' })
    assert.equal(scene.fetched.length, 2)
  })

  it('from slow servers do not stop the others, and are limited', async () => {
    const scene = new Scene()
    const slow = Array.from({ length: 200 }, (_, index) => `slow${index}.example`)
    for (const domain of slow) scene.dns.records[`TXT _mta-sts.${domain}`] = ['v=STSv1; id=1']
    const waiting = slow.slice(0, 199).map((domain) => scene.policies.policyOf(domain))
    await settled()
    assertPolicy(await scene.ask(), {})
    waiting.push(scene.policies.policyOf(slow[199] ?? ''))
    await settled()
    scene.announce('v=STSv1; id=2')
    assertPolicy(await scene.ask(), {
      stale: 'the MTA-STS policy of bank.example was not fetched: 200 others are being fetched',
    })
    scene.answerAll()
    for (const answer of await Promise.all(waiting)) assert.deepEqual(answer, UNKNOWN(FAILS.why, 'fetch'))
    assertPolicy(await scene.ask(), { id: '2' })
  })

  it('to refresh are put off while many are under way', async () => {
    const scene = new Scene()
    await scene.ask()
    const slow = Array.from({ length: 20 }, (_, index) => `slow${index}.example`)
    for (const domain of slow) scene.dns.records[`TXT _mta-sts.${domain}`] = ['v=STSv1; id=1']
    const waiting = slow.map((domain) => scene.policies.policyOf(domain))
    await settled()
    scene.now += DAY
    await scene.ask()
    await settled()
    assert.equal(scene.fetched.filter((domain) => domain === DOMAIN).length, 1)
    scene.answerAll()
    await Promise.all(waiting)
    await scene.ask()
    await settled()
    assert.equal(scene.fetched.filter((domain) => domain === DOMAIN).length, 2)
  })

  it('that throw are failures', async () => {
    const scene = new Scene()
    const policies = new StsPolicies({
      dns: scene.dns,
      store: scene.store,
      onStoreFailure: () => undefined,
      fetchPolicy: () => Promise.reject(new Error('out of memory')),
    })
    assert.deepEqual(
      await scene.ask(policies),
      UNKNOWN('the MTA-STS policy of bank.example could not be fetched: out of memory', 'fetch'),
    )
  })
})
