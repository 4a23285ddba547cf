/**
 * The decision before an attempt: what the store and the message are like -> what becomes of the guard, and what
 * Haraka is told. Policy and rules are the real ones, on a store in memory; item and guard are fakes.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import constants from 'haraka-constants'
import { EXEMPT } from '../../../plugins/enforce-tls/delivery/exempt-note.js'
import { Decisions } from '../../../plugins/enforce-tls/hooks/send-email.js'
import type { HarakaAddress, HarakaMailItem } from '../../../plugins/enforce-tls/haraka/types.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import { toSettings } from '../../../plugins/enforce-tls/settings/schema.js'
import { noteRequireTls } from '../../../plugins/enforce-tls/requiretls/note.js'
import { storedRule } from '../../support/rules.js'
import { TemporaryFolder } from '../../support/temporary-folder.js'
import { policyScene, type PolicyScene } from '../policy/scene.js'

const HOUR = 3_600_000
const CONT = 'cont'

/** What a row sees happen: to the guard, to the counts, and what Haraka is told. */
interface Outcome {
  /** What was done to the guard; none for a guard that goes on holding the mail back. */
  readonly guard: string
  readonly told: string
  readonly counted?: string
  /** What is noted as only reported. */
  readonly reported?: string
  /** Whether it counts as mail that no rule is about. */
  readonly uncovered?: true
  /** Whether it counts as mail that goes though its rules are unknown. */
  readonly unruled?: true
  /** What it goes without, since its sender wants that. */
  readonly waived?: string
}

type Section = Readonly<Record<string, string | number | boolean>>

interface Row {
  readonly what: string
  readonly is?: (scene: DecisionScene) => void
  readonly main?: Section
  readonly requiretls?: Section
  readonly to?: readonly string[]
  /** @default ann@acme.example */
  readonly from?: string
  readonly outcome: Outcome
}

class DecisionScene {
  readonly policy: PolicyScene
  readonly file: string
  readonly notes: Record<string, unknown> = {}
  readonly done: string[] = []
  readonly counted: string[] = []
  readonly reported: string[] = []
  readonly uncovered: boolean[] = []
  readonly waived: string[] = []
  readonly warned: string[] = []
  readonly unruled: object[] = []
  isLost = false
  readonly divided: string[] = []
  readonly guard = {
    epoch: 1,
    detach: (isTold?: boolean) => void this.done.push(isTold ? 'detached, told of' : 'detached'),
    enforce: ({ level }: Requirement) => void this.done.push(`enforces ${level}`),
    release: (_requirement: unknown, { by }: { readonly by: string }) =>
      void this.done.push(`released by ${by}`),
    giveUp: (_requirement: unknown, { host }: { readonly host: string }) =>
      void this.done.push(`gives up at ${host}`),
    retire: () => void this.done.push('retired'),
    fail: (reason: string) => void this.done.push(`fails: ${reason}`),
  }
  readonly #item: HarakaMailItem
  readonly #decisions: Decisions

  constructor(
    t: TestContext,
    main: Row['main'] = {},
    to: readonly string[] = ['cfo@bank.example'],
    from = 'ann@acme.example',
    requiretls: Section = {},
  ) {
    this.policy = policyScene(t)
    const folder = new TemporaryFolder('decision')
    t.after(() => folder.close())
    this.file = join(folder.path, 'queued')
    writeFileSync(this.file, 'Subject: Offer\r\n\r\nHello\r\n')
    const item: unknown = {
      try_deliver_host_on_socket: () => undefined,
      path: this.file,
      data_start: 0,
      todo: {
        domain: 'bank.example',
        mail_from: address(from),
        rcpt_to: to.map(address),
        notes: this.notes,
      },
      lognotice: () => undefined,
      loginfo: () => undefined,
      logwarn: (text: string) => void this.warned.push(text),
      logerror: () => undefined,
    }
    this.#item = item as HarakaMailItem
    const { main: settings, requiretls: own } = toSettings({ main, requiretls })
    this.#decisions = new Decisions({
      settings: () => settings,
      rules: this.policy.policy,
      words: () => ({ settings: own, own: [] }),
      reports: {
        note: (_item, reported) =>
          void this.reported.push(
            ...reported.map(
              ({ requirement, isWaived }) => `${requirement.level}${isWaived ? ', but waived' : ''}`,
            ),
          ),
        released: () => undefined,
      },
      divide: (_item, parts) => {
        for (const part of parts) this.divided.push(part.map((one) => String(one.address)).join('+'))
        return Promise.resolve()
      },
      retriesLast: () => 72 * HOUR,
      namesMessages: () => false,
      waiting: { waits: () => undefined, givingUp: () => null, release: () => null },
      uncovered: {
        released: (_item, isUncovered) => void this.uncovered.push(isUncovered),
      },
      waived: {
        released: (_item, waived) =>
          void this.waived.push(...waived.flatMap((requirement) => requirement?.level ?? [])),
      },
      unruled: { isLost: () => this.isLost, delivered: (message) => void this.unruled.push(message) },
      decided: (result) => void this.counted.push(result),
    })
  }

  async decide(): Promise<Outcome> {
    for (const list of [this.done, this.counted, this.reported, this.uncovered, this.unruled, this.waived])
      list.length = 0
    const answer = await this.#decisions.on(this.guard, this.#item)
    const told =
      typeof answer === 'object'
        ? `${answer.code === constants.delay ? 'delay' : '?'} ${String(answer.argument)}`
        : answer === constants.cont
          ? CONT
          : String(answer)
    const [counted, reported] = [this.counted.join(), this.reported.join()]
    return {
      guard: this.done.join(),
      told,
      ...(counted && { counted }),
      ...(reported && { reported }),
      ...(this.waived.length > 0 && { waived: this.waived.join() }),
      ...(this.uncovered.includes(true) ? { uncovered: true } : {}),
      ...(this.unruled.length > 0 ? { unruled: true } : {}),
    }
  }
}

function address(text: string): HarakaAddress {
  const [user = '', host = ''] = text.split('@')
  return { user, host, address: text }
}

const rule = (level: string, to = 'bank.example', more: object = {}) =>
  JSON.stringify({ ...storedRule({ to: [to], action: { level } }), ...more })
const has =
  (level: string, more: object = {}) =>
  (scene: DecisionScene) =>
    scene.policy.store.set('r1', rule(level, 'bank.example', more))
const looksAtSubject = (level: string) => has(level, { criteria: { subject: { matchesAny: ['offer'] } } })
const removesFile = ({ file }: DecisionScene) => rmSync(file)
const both =
  (...all: readonly ((scene: DecisionScene) => void)[]) =>
  (scene: DecisionScene) => {
    for (const each of all) each(scene)
  }
const store =
  (state: 'away' | 'gone' | 'slow' | 'corrupt') =>
  ({ policy }: DecisionScene) => {
    policy.store.state = state
  }
const marked = ({ notes }: DecisionScene) => {
  notes['enforce_tls'] = { held_to: [{ owner: 'acme.example', id: 'r1', name: 'One' }] }
}

/** By the note that our reports have. */
const isReport = ({ notes }: DecisionScene) => void Object.assign(notes, EXEMPT)

/** It came with REQUIRETLS. */
const asks = ({ notes }: DecisionScene) => noteRequireTls(notes)

const saysNo = ({ file }: DecisionScene) => writeFileSync(file, 'TLS-Required: No\r\n\r\nHello\r\n')
const daneIfAny =
  (more: object = {}) =>
  ({ policy }: DecisionScene) =>
    policy.store.set(
      'r1',
      JSON.stringify({
        ...storedRule({ to: ['bank.example'], action: { level: 'dane', otherwise: 'none' } }),
        ...more,
      }),
    )

const FREE: Outcome = { guard: 'detached', told: CONT, counted: 'not-required' }
const UNCOVERED: Outcome = { ...FREE, uncovered: true }
const WAITS: Outcome = { guard: '', told: 'delay 60', counted: 'deferred' }
const GONE: Outcome = { guard: 'retired', told: CONT }
const enforces = (level: string): Outcome => ({
  guard: `enforces ${level}`,
  told: CONT,
  counted: 'required',
})

const ROWS: readonly Row[] = [
  { what: 'no rule', outcome: UNCOVERED },
  { what: 'a rule', is: has('verify'), outcome: enforces('verify') },
  {
    what: 'a rule for others',
    is: (scene) => scene.policy.store.set('r1', rule('verify', 'x.example')),
    outcome: UNCOVERED,
  },
  { what: 'a rule that exempts', is: has('none'), outcome: FREE },
  {
    what: 'a rule that only reports',
    is: has('verify', { mode: 'report' }),
    outcome: { ...FREE, reported: 'verify' },
  },
  { what: 'no recipient', is: has('verify'), to: [], outcome: FREE },
  { what: 'a rule that looks at the header', is: looksAtSubject('verify'), outcome: enforces('verify') },

  {
    what: 'report_only',
    main: { report_only: true },
    is: has('verify'),
    outcome: { ...FREE, reported: 'verify' },
  },
  { what: 'REQUIRETLS without a rule', is: asks, outcome: enforces('encrypt') },
  { what: 'REQUIRETLS beside a rule', is: both(has('verify'), asks), outcome: enforces('verify') },
  {
    what: 'REQUIRETLS while rules only report',
    main: { report_only: true },
    is: both(has('verify'), asks),
    outcome: { ...enforces('encrypt'), reported: 'verify' },
  },
  {
    what: 'REQUIRETLS while the store is away, and mail goes all the same',
    main: { on_store_failure: 'deliver' },
    is: both(store('away'), asks),
    outcome: { ...enforces('encrypt'), counted: 'deferred' },
  },
  { what: 'REQUIRETLS while the store is away', is: both(store('away'), asks), outcome: WAITS },
  {
    what: 'REQUIRETLS that is only a wish while the store is away, and mail goes all the same',
    main: { on_store_failure: 'deliver' },
    requiretls: { policy: 'opportunistic' },
    is: both(store('away'), asks),
    outcome: { ...enforces('none'), counted: 'deferred', unruled: true },
  },
  {
    what: 'the same as if there were no rules, lost',
    requiretls: { policy: 'opportunistic' },
    is: both(asks, (scene) => void (scene.isLost = true)),
    outcome: { ...enforces('none'), unruled: true },
  },
  {
    what: 'TLS-Required: No, and a rule that wants what is published',
    is: both(daneIfAny(), saysNo),
    outcome: { ...FREE, guard: 'detached, told of', waived: 'dane' },
  },
  {
    what: 'the same where it does not count',
    requiretls: { honour_no: false },
    is: both(daneIfAny(), saysNo),
    outcome: enforces('dane'),
  },
  {
    what: 'the same where another rule is about one recipient',
    to: ['a@bank.example', 'b@bank.example'],
    is: both(daneIfAny({ position: 2 }), saysNo, ({ policy }) =>
      policy.store.set(
        'r2',
        JSON.stringify(storedRule({ to: ['b@bank.example'], action: { level: 'verify' }, position: 1 })),
      ),
    ),
    outcome: { guard: 'retired', told: CONT, counted: 'required' },
  },
  {
    what: 'the same while nothing is enforced',
    main: { report_only: true },
    is: both(daneIfAny(), saysNo),
    outcome: { ...FREE, reported: 'dane, but waived' },
  },
  {
    what: 'the same in mode report',
    is: both(daneIfAny({ mode: 'report' }), saysNo),
    outcome: { ...FREE, reported: 'dane, but waived' },
  },
  { what: 'report_only without a rule', main: { report_only: true }, outcome: UNCOVERED },
  { what: 'report_only, unknown', main: { report_only: true }, is: store('gone'), outcome: WAITS },

  { what: 'a store that is away', is: both(has('verify'), store('away')), outcome: WAITS },
  { what: 'a store that is slow', is: both(has('verify'), store('slow')), outcome: WAITS },
  { what: 'a store that has lost its rules', is: store('gone'), outcome: WAITS },
  { what: 'a broken entry', is: (scene) => scene.policy.store.set('r1', '{'), outcome: WAITS },
  { what: 'rules that are no hash', is: store('corrupt'), outcome: WAITS },
  {
    what: 'another delay',
    main: { defer_seconds: 7 },
    is: store('away'),
    outcome: { ...WAITS, told: 'delay 7' },
  },

  {
    what: 'deliver, away',
    main: { on_store_failure: 'deliver' },
    is: store('away'),
    outcome: { ...FREE, counted: 'deferred', unruled: true },
  },
  {
    what: 'deliver, away, a bounce that itself requires TLS',
    main: { on_store_failure: 'deliver' },
    is: both(store('away'), marked),
    outcome: { ...enforces('encrypt'), counted: 'deferred' },
  },
  { what: 'deliver, lost', main: { on_store_failure: 'deliver' }, is: store('gone'), outcome: WAITS },
  {
    what: 'deliver as if there were no rules, lost',
    is: (scene) => void (scene.isLost = true),
    outcome: { ...UNCOVERED, unruled: true },
  },
  {
    what: 'the same, and a bounce that itself requires TLS',
    is: both(marked, (scene) => void (scene.isLost = true)),
    outcome: enforces('encrypt'),
  },
  {
    what: 'the same, and a report on TLS',
    is: both(isReport, (scene) => void (scene.isLost = true)),
    from: '',
    outcome: FREE,
  },
  {
    what: 'deliver, a broken entry',
    main: { on_store_failure: 'deliver' },
    is: (scene) => scene.policy.store.set('r1', '{'),
    outcome: WAITS,
  },

  { what: 'a bounce that itself requires TLS, without a rule', is: marked, outcome: enforces('encrypt') },
  { what: 'the same with a rule', is: both(marked, has('verify')), outcome: enforces('verify') },

  { what: 'a report on TLS', is: both(store('gone'), isReport), from: '', outcome: FREE },
  { what: 'its note on mail of a sender', is: both(has('verify'), isReport), outcome: enforces('verify') },
  { what: 'another null sender', is: store('gone'), from: '', outcome: WAITS },
  {
    what: 'a note that only looks like it',
    is: both(store('gone'), ({ notes }) => (notes['enforce_tls_report'] = 'true')),
    from: '',
    outcome: WAITS,
  },

  { what: 'a covered message whose file is gone', is: both(has('verify'), removesFile), outcome: GONE },
  { what: 'one whose header is asked for', is: both(looksAtSubject('none'), removesFile), outcome: GONE },
  { what: 'one while the store is away', is: both(store('away'), removesFile), outcome: GONE },
  { what: 'one that nothing covers, whose header may say TLS-Required: No', is: removesFile, outcome: GONE },
]

describe('before an attempt', () => {
  for (const { what, is, main, to, from, requiretls, outcome } of ROWS)
    it(what, async (t) => {
      const scene = new DecisionScene(t, main, to, from, requiretls)
      is?.(scene)
      assert.deepEqual(await scene.decide(), outcome)
    })

  it('what is held to what it asks for itself is not called delivered while its rules are unknown', async (t) => {
    for (const [is, warned] of [
      [asks, /nothing is required but what the message brings with it/],
      [() => undefined, /: delivered while the rules are unknown/],
    ] as const) {
      const scene = new DecisionScene(t, { on_store_failure: 'deliver' })
      both(store('away'), is)(scene)
      await scene.decide()
      assert.equal(scene.warned.length, 1)
      assert.match(scene.warned[0] ?? '', warned)
    }
  })

  it('recipients of different requirements are divided, in the order of the envelope', async (t) => {
    const scene = new DecisionScene(t, {}, ['a@bank.example', 'b@x.example', 'c@bank.example', 'd@y.example'])
    scene.policy.store.set('r1', rule('verify'))
    assert.deepEqual(await scene.decide(), { guard: 'retired', told: CONT, counted: 'required' })
    assert.deepEqual(scene.divided, ['a@bank.example+c@bank.example', 'b@x.example+d@y.example'])
  })

  it('a hundred parts are made at most, and the last one takes the rest', async (t) => {
    const to = Array.from({ length: 150 }, (_, n) => `cfo@d${n}.example`)
    const scene = new DecisionScene(t, {}, to)
    scene.policy.store.set('r1', JSON.stringify(storedRule({ to: ['*'], action: { level: 'secure' } })))
    await scene.decide()
    assert.equal(scene.divided.length, 100)
    assert.deepEqual(scene.divided.at(-1)?.split('+'), to.slice(99))
  })

  it('a decision that comes too late does nothing', async (t) => {
    for (const is of [has('verify'), store('gone'), () => undefined, both(has('verify'), removesFile)]) {
      const scene = new DecisionScene(t)
      is(scene)
      const decision = scene.decide()
      scene.guard.epoch++
      assert.deepEqual(await decision, { guard: '', told: CONT })
    }
  })

  it('mail whose rules stay unknown is given up after as long as Haraka retries, counted anew once they are known', async (t) => {
    const scene = new DecisionScene(t)
    const { store: rules } = scene.policy
    let hours = 1
    t.mock.method(performance, 'now', () => hours * HOUR)
    rules.state = 'gone'
    assert.deepEqual(await scene.decide(), WAITS)
    hours = 73
    assert.deepEqual(await scene.decide(), WAITS)
    hours = 74
    const { guard, told } = await scene.decide()
    assert.match(guard, /^fails: .*the store has lost its rules$/)
    assert.equal(told, CONT)
    rules.state = 'well'
    assert.deepEqual(await scene.decide(), UNCOVERED)
    rules.set('r1', '{')
    assert.deepEqual(await scene.decide(), WAITS, 'the wait begins anew')
  })
})
