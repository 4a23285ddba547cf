/** What is in force, and what is answered and logged, after all that can happen to a store. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { FileStore } from '../../../plugins/enforce-tls/store/file/rule-store.js'
import { storedRule } from '../../support/rules.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'
import { FakeStore } from './fake-store.js'
import { ann, cfo, policyScene } from './scene.js'

const bank = (level: string, more: object = {}) => ({ to: ['bank.example'], action: { level }, ...more })
const BROKEN = '{"name":'

interface Step {
  readonly happens: string
  readonly does: (store: FakeStore) => void
  readonly answer: string
}

const step = (happens: string, does: (store: FakeStore) => void, answer: string): Step => ({
  happens,
  does,
  answer,
})

const ROWS: readonly (readonly [what: string, steps: readonly Step[]])[] = [
  [
    'a rule that comes, changes and goes is in force as it is',
    [
      step('there is none', () => undefined, 'free'),
      step('one comes', (store) => store.set('r1', bank('encrypt')), 'encrypt'),
      step('it changes', (store) => store.set('r1', bank('verify')), 'verify'),
      step('it is off', (store) => store.set('r1', bank('verify', { enabled: false })), 'free'),
      step('it is on', (store) => store.set('r1', bank('verify')), 'verify'),
      step('an exemption above it', (store) => store.set('r0', bank('none')), 'free'),
    ],
  ],
  [
    'of an owner that was never read nothing is known while the store is away, and it is asked again',
    [
      step('away', (store) => ((store.state = 'away'), store.set('r1', bank('verify'))), 'away'),
      step('back', (store) => (store.state = 'well'), 'verify'),
    ],
  ],
  [
    'what was last known stays in force while the store is away',
    [
      step('known', (store) => store.set('r1', bank('verify')), 'verify'),
      step('away', (store) => ((store.state = 'away'), store.set('r1', bank('encrypt'))), 'verify'),
      step('still away', () => undefined, 'verify'),
      step('back', (store) => (store.state = 'well'), 'encrypt'),
    ],
  ],
  [
    'a store that has lost its rules is unknown, and not away',
    [
      step('gone', (store) => (store.state = 'gone'), 'waits'),
      step('found again', (store) => ((store.state = 'well'), store.set('r1', bank('verify'))), 'verify'),
      step('gone', (store) => ((store.state = 'gone'), store.set('r1', bank('encrypt'))), 'verify'),
    ],
  ],
  [
    'nobody waits for a slow store longer than the timeout, and its answer counts when it comes',
    [
      step('slow', (store) => ((store.state = 'slow'), store.set('r1', bank('verify'))), 'away'),
      step('it answers', (store) => store.release(), 'verify'),
      step('slow', (store) => ((store.state = 'slow'), store.set('r1', bank('encrypt'))), 'verify'),
      step('it answers', (store) => store.release(), 'encrypt'),
    ],
  ],
  [
    'a broken entry makes all mail of its owner wait, until it is mended or gone',
    [
      step('broken', (store) => (store.set('r1', bank('verify')), store.set('bad', BROKEN)), 'waits'),
      step('nothing new', () => undefined, 'waits'),
      step('gone', (store) => (store.rules.delete('bad'), store.invalidate()), 'verify'),
    ],
  ],
  [
    'a rule that breaks stays in force as it was last valid',
    [
      step('valid', (store) => store.set('r1', bank('verify')), 'verify'),
      step('broken', (store) => store.set('r1', BROKEN), 'verify'),
      step('away beside', (store) => ((store.state = 'away'), store.invalidate()), 'verify'),
      step('back', (store) => (store.state = 'well'), 'verify'),
      step('mended', (store) => store.set('r1', bank('encrypt')), 'encrypt'),
    ],
  ],
  [
    'rules that stand as something else are unknown, or stay as they were known',
    [
      step('no hash', (store) => (store.state = 'corrupt'), 'waits'),
      step('mended', (store) => ((store.state = 'well'), store.set('r1', bank('verify'))), 'verify'),
      step('no hash', (store) => ((store.state = 'corrupt'), store.invalidate()), 'verify'),
    ],
  ],
  [
    'a list that is changed while it is read is read again',
    [
      step(
        'changed meanwhile',
        (store) => {
          store.set('r1', bank('encrypt'))
          store.duringRead = () => store.set('r1', bank('verify'))
        },
        'verify',
      ),
    ],
  ],
  [
    'a service that is off makes rules sleep, and one that is broken leaves them as they were',
    [
      step('on', (store) => store.set('r1', bank('verify')), 'verify'),
      step('off', (store) => switched(store, '{"enabled":false}'), 'free'),
      step('on', (store) => switched(store, '{"enabled":true}'), 'verify'),
      step('broken', (store) => switched(store, 'on'), 'verify'),
      step('gone', (store) => switched(store, null), 'free'),
      step('broken', (store) => switched(store, 'on'), 'waits'),
    ],
  ],
  [
    'a group is in force as it is, and as it was last valid',
    [
      step('there is none', (store) => store.set('r1', { to: ['group:banks'] }), 'waits'),
      step('it comes', (store) => grouped(store, '["bank.example"]'), 'encrypt'),
      step('it breaks', (store) => grouped(store, '["bank..example"]'), 'encrypt'),
      step('it changes', (store) => grouped(store, '["other.example"]'), 'free'),
    ],
  ],
  [
    'a rule that looks at the header gets it',
    [
      step('it fits', (store) => store.set('r1', lookingAt('offer')), 'encrypt'),
      step('it does not', (store) => store.set('r1', lookingAt('order')), 'free'),
    ],
  ],
]

function switched(store: FakeStore, service: string | null): void {
  store.service = service
  store.invalidate({ key: 'domains' })
}

function grouped(store: FakeStore, patterns: string): void {
  store.groupsByName.set('banks', patterns)
  store.invalidate({ key: 'groups' })
}

function lookingAt(word: string): string {
  return JSON.stringify({ ...storedRule({ to: [] }), criteria: { subject: { matchesAny: [word] } } })
}

describe('what is in force after what happened', () => {
  for (const [what, steps] of ROWS)
    it(what, async (t) => {
      const { store, ask } = policyScene(t)
      for (const { happens, does, answer } of steps) {
        does(store)
        assert.equal(await ask(), answer, happens)
      }
    })
})

describe('the store is asked', () => {
  it('once for many decisions, also at the same time', async (t) => {
    const { store, policy, ask } = policyScene(t)
    store.set('r1', bank('verify'))
    const answers = await Promise.all(Array.from({ length: 20 }, ask))
    assert.deepEqual(new Set([...answers, await ask(), await ask()]), new Set(['verify']))
    assert.equal(store.asked.rules, 1)
    const { hits, misses, reads, owners } = policy.counts
    assert.deepEqual({ hits, misses, reads, owners }, { hits: 6, misses: 60, reads: 3, owners: 3 })
  })

  it('again in the background, which makes up for an invalidation that was lost', async (t) => {
    const { store, ask } = policyScene(t, { rereadAfter: { subscribed: 0, unsubscribed: 0 } })
    store.set('r1', bank('verify'))
    assert.equal(await ask(), 'verify')
    store.rules.set('r1', JSON.stringify(storedRule(bank('encrypt'))))
    await until(async () => (await ask()) === 'encrypt', { what: () => 'the new rule', timeout: 5000 })
    assert.ok(store.asked.rules >= 2)
  })

  it('before a decision where it does not say what changes, once the list is stale', async (t) => {
    const { store, ask, lines } = policyScene(t, { staleAfter: 20 })
    store.set('r1', bank('verify'))
    store.subscribed(false)
    assert.equal(await ask(), 'verify')
    store.rules.set('r1', JSON.stringify(storedRule(bank('encrypt'))))
    await new Promise((resolve) => setTimeout(resolve, 40))
    assert.equal(await ask(), 'encrypt')
    assert.match(lines.join('\n'), /^warn: changes of rules .*: the feed is cut$/m)
  })

  it('again where it has a stamp and that is another one', async (t) => {
    const store = new FakeStore()
    let stamp = 1
    store.stamp = () => Promise.resolve(stamp)
    const { ask } = policyScene(t, {}, store)
    store.set('r1', bank('verify'))
    store.subscribed(false)
    assert.equal(await ask(), 'verify')
    store.rules.set('r1', JSON.stringify(storedRule(bank('encrypt'))))
    assert.equal(await ask(), 'verify')
    stamp = 2
    assert.equal(await ask(), 'encrypt')
    assert.equal(store.asked.rules, 2)
  })

  it("for services alone when another domain's was switched", async (t) => {
    const { store, ask } = policyScene(t)
    store.set('r1', bank('verify'))
    await ask()
    store.invalidate({ key: 'domains' })
    assert.equal(await ask(), 'verify')
    assert.deepEqual(store.asked, { rules: 1, services: 1 })
  })
})

describe('what is logged', () => {
  const errors = (lines: readonly string[]) => lines.filter((line) => line.startsWith('error'))

  it('of a broken entry is one line, however often it is asked, also of incoming mail', async (t) => {
    const { store, policy, lines, ask } = policyScene(t)
    store.rules.set('good', JSON.stringify(storedRule(bank('verify'))))
    store.set('bad', '{')
    for (let times = 0; times < 5; times++) assert.equal(await ask(), 'waits')
    const answer = await policy.rulingOnIncoming(cfo, ann)
    assert.ok(answer.is === 'unknown')
    assert.equal(answer.isAway, false)
    assert.match(answer.why, /^the store: field bad: is not JSON/)
    assert.equal(errors(lines).length, 1)
    assert.match(errors(lines)[0] ?? '', /acme\.example.*the store: field bad: is not JSON/)
  })

  it('is each entry when it breaks, and once that they are all in order again', async (t) => {
    const { store, lines, ask } = policyScene(t)
    const next = async () => {
      await ask()
      return lines.splice(0).map((line) => line.replace(/(?::| \(| -)? the store.*/, ''))
    }
    store.set('good', bank('verify'))
    await next()
    store.set('off', '{"enabled":false,')
    const [off, ...others] = await next()
    assert.match(off ?? '', /^error: .*acme\.example/)
    assert.deepEqual(others, [])
    store.invalidate()
    assert.deepEqual(await next(), [])
    store.set('good', '{')
    store.set('other', '{"mode":"report",')
    assert.equal((await next()).length, 2)
    store.rules.delete('off')
    store.rules.delete('other')
    store.invalidate()
    assert.deepEqual(await next(), [])
    store.set('good', bank('verify'))
    assert.match((await next()).join('\n'), /^notice: .*acme\.example.*$/)
  })

  it('of a rules file that is cut off says that all mail waits, and nothing that contradicts it', async (t) => {
    const folder = new TemporaryFolder('policy')
    t.after(() => folder.close())
    const file = path.join(folder.path, 'rules.json')
    const text = JSON.stringify({
      domains: { 'acme.example': { enabled: true } },
      rules: { 'acme.example': { r1: storedRule(bank('verify')) } },
    })
    writeFileSync(file, text)
    const { lines, ask } = policyScene(t, {}, new FileStore(file))
    assert.equal(await ask(), 'verify')
    writeFileSync(file, text.slice(0, 80))
    assert.equal(await ask(), 'waits')
    assert.deepEqual(
      errors(lines)
        .map((line) => line.replace(/: rules file .*/, ''))
        .sort(),
      [
        'error: all mail waits until the rules can be read',
        'error: mail of ann@acme.example that its rules may cover waits until they can be read',
        'error: rules of acme.example cannot be read; those last read apply to mail for which no other rules are unknown',
      ],
    )
    writeFileSync(file, text)
    assert.equal(await ask(), 'verify')
  })

  it('of a store that is away is one line, and one when it is back', async (t) => {
    const { store, lines, ask } = policyScene(t)
    store.state = 'away'
    for (let times = 0; times < 3; times++) await ask()
    assert.equal(errors(lines).length, 1)
    assert.match(errors(lines)[0] ?? '', /: the store does not answer$/)
    store.state = 'well'
    lines.length = 0
    await ask()
    await ask()
    assert.equal(lines.filter((line) => line.startsWith('notice')).length, 1)
  })
})
