/** What the rule book answers, and logs, beside entries that are broken; the store is a fake that can be changed. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { Policy, RulesUnknown } from '../../../plugins/enforce-tls/policy/policy.js'
import {
  StoreError,
  type ChangeListener,
  type RuleStore,
} from '../../../plugins/enforce-tls/store/rule-store.js'
import { storedRule } from '../../support/rules.js'

const RULE = JSON.stringify(storedRule({ to: ['bank.example'] }))
const ann = { local: 'ann', domain: 'acme.example' }
const cfo = { local: 'cfo', domain: 'bank.example' }

function scene(t: TestContext, rules: Map<string, string>) {
  const lines: string[] = []
  const listeners: ChangeListener[] = []
  const store: Partial<RuleStore> = {
    description: 'the store',
    readOwner: (owner) =>
      Promise.resolve({
        owner,
        rules: owner === 'acme.example' ? rules : new Map(),
        service: '{"enabled":true}',
      }),
    readRules: () => Promise.resolve(rules),
    readService: () => Promise.resolve('{"enabled":true}'),
    watch: (listener) => {
      listeners.push(listener)
      listener.onSubscription(true, '')
      return () => undefined
    },
    placeOf: ({ field }) => `field ${field}`,
  }
  const log = (level: string) => (line: string) => void lines.push(`${level}: ${line}`)
  const book = new Policy(store as RuleStore, {
    log: { logerror: log('error'), logwarn: log('warn'), lognotice: log('notice') },
    maxOwners: 100,
    timeout: 1000,
  })
  t.after(() => book.close())
  const changed = () => listeners.forEach((each) => each.onChange({ key: 'rules', owner: 'acme.example' }))
  const ask = () => book.verdictsOn(ann, [cfo], () => assert.fail('nobody asks for headers'))
  return { store, lines, changed, ask, book }
}

const unknown = (error: unknown) => {
  assert.ok(error instanceof RulesUnknown)
  assert.equal(error.invalid, true)
  assert.match(error.message, /^the store: field bad: is not JSON/)
  return true
}

it('a broken entry makes every answer reject, also those that are near, and is logged once', async (t) => {
  const { lines, ask, book } = scene(
    t,
    new Map([
      ['good', RULE],
      ['bad', '{'],
    ]),
  )
  for (let times = 0; times < 5; times++) {
    let answer: ReturnType<typeof ask> | undefined
    assert.doesNotThrow(() => (answer = ask()))
    await assert.rejects(Promise.resolve(answer), unknown)
  }
  await assert.rejects(book.verdictOnIncoming(cfo, ann), unknown)
  assert.deepEqual(
    lines.filter((line) => line.startsWith('error')).map((line) => line.replace(/ JSON: .*/, ' JSON')),
    [
      'error: mail of acme.example waits until this entry is valid, or deleted: the store: field bad: is not JSON',
    ],
  )
})

it('each entry is logged when it breaks, and once they are all in order again', async (t) => {
  const rules = new Map([['good', RULE]])
  const { lines, ask, changed } = scene(t, rules)
  const reread = async () => {
    changed()
    await ask()
    return lines.splice(0).map((line) => line.replace(/: the store.*/, ''))
  }
  await reread()
  rules.set('off', '{"enabled":false,')
  assert.deepEqual(await reread(), [
    'error: an entry of acme.example is not valid, and counts as off, as it says',
  ])
  assert.deepEqual(await reread(), [])
  rules.set('good', '{')
  rules.set('other', '{"mode":"report",')
  assert.deepEqual(await reread(), [
    'error: an entry of acme.example is not valid, and its last valid version stays in force',
    'error: an entry of acme.example is not valid, and mail goes on without it, since it says that it only reports',
  ])
  rules.delete('off')
  rules.delete('other')
  assert.deepEqual(await reread(), [])
  rules.set('good', RULE)
  assert.deepEqual(await reread(), ['notice: rules of acme.example are in order again'])
})

it('rules that the store holds as something else are unknown, and not a store that is away', async (t) => {
  const { store, ask, lines } = scene(t, new Map())
  const corrupt = () => Promise.reject(new StoreError('STORE_CORRUPT', 'the store: key x is not a hash'))
  const readOwner = store.readOwner?.bind(store)
  Object.assign(store, {
    readOwner: (owner: string) => (owner === 'acme.example' ? corrupt() : readOwner?.(owner)),
    readRules: corrupt,
    groups: () => Promise.resolve(new Map()),
  })
  for (let times = 0; times < 2; times++)
    await assert.rejects(Promise.resolve(ask()), { invalid: true, message: 'the store: key x is not a hash' })
  assert.deepEqual(
    lines.filter((line) => line.startsWith('error')),
    [
      'error: mail of acme.example waits until this entry is valid, or deleted: the store: key x is not a hash',
    ],
  )
})
