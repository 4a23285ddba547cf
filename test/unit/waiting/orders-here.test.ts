/** Orders for waiting mail in one process: whom a release is for, and that each order is carried out once or not at all. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FailureClass } from '../../../plugins/enforce-tls/delivery/failure-classes.js'
import type { HarakaMailItem, HarakaOutbound } from '../../../plugins/enforce-tls/haraka/types.js'
import { itemIdOf } from '../../../plugins/enforce-tls/delivery/queue-name.js'
import { withAsked } from '../../../plugins/enforce-tls/requiretls/ask.js'
import type { Requirement } from '../../../plugins/enforce-tls/rules/requirement.js'
import type { Settings } from '../../../plugins/enforce-tls/settings/types.js'
import { OrdersHere } from '../../../plugins/enforce-tls/waiting/orders-here.js'
import { HASHES, parseAnswer, type Grant, type Order } from '../../../plugins/enforce-tls/waiting/orders.js'
import { Paced } from '../../../plugins/enforce-tls/waiting/paced.js'
import type { WaitingRecord } from '../../../plugins/enforce-tls/waiting/record.js'
import { SharedWrites } from '../../../plugins/enforce-tls/waiting/shared-writes.js'
import { WaitingItems } from '../../../plugins/enforce-tls/waiting/waiting-items.js'
import { MemoryHashes } from '../../support/memory-hashes.js'
import { required } from '../../support/guarded-delivery.js'

const NODE = 'node'
const FILE = '1700000000000_1800000000000_1_77_tagAAA_1_mta'
const OTHER_FILE = '1700000000000_1800000000000_1_77_tagBBB_1_mta'
const ENCRYPT = required()
const VERIFY = required({ level: 'verify' })

function itemOf(
  filename: string,
  to: readonly string[] = ['cfo@bank.example'],
  uuid = 'U.1',
): HarakaMailItem {
  const todo = {
    domain: 'bank.example',
    uuid,
    queue_time: 1_700_000_000_000,
    notes: {},
    mail_from: { user: 'ann', host: 'acme.example', address: 'ann@acme.example' },
    rcpt_to: to.map((address) => ({ user: 'cfo', host: 'bank.example', address })),
  }
  return {
    filename,
    num_failures: 1,
    todo,
    logwarn: () => undefined,
    lognotice: () => undefined,
  } as unknown as HarakaMailItem
}

class Scene {
  readonly hashes = new MemoryHashes()
  allowRelease = true
  historyFails = false
  onLook: ((looks: number) => void) | null = null
  readonly recorded: string[] = []
  /** Orders whose leave has ended unused. */
  readonly lapsed: string[] = []
  /** What the try after an order finds required of the item; the same as before where nothing is here. */
  atTry: ((id: string) => void) | null = null
  readonly #waited = new Map<
    string,
    { readonly item: HarakaMailItem; readonly requirement: Requirement | null }
  >()
  /** Files that wait for Haraka's timer. */
  readonly timers: { id: string; cb: () => void }[] = []
  readonly tried: string[] = []
  readonly items: WaitingItems
  readonly orders: OrdersHere
  readonly writes: SharedWrites

  constructor() {
    const logger = { logwarn: () => undefined, lognotice: () => undefined }
    this.writes = new SharedWrites({ hashes: () => this.hashes, logger })
    this.items = new WaitingItems(this.writes)
    const outbound = {
      temp_fail_queue: { queue: this.timers },
      delivery_queue: { length: () => 0 },
    } as unknown as HarakaOutbound
    const paced = new Paced({
      outbound: () => outbound,
      concurrency: () => 100,
      fileOf: (id) => this.items.fileOf(id),
      isRead: () => true,
    })
    this.orders = new OrdersHere({
      logger,
      hashes: () => this.hashes,
      settings: () => ({ allowRelease: this.allowRelease }) as Settings['failure'],
      items: this.items,
      paced,
      writes: this.writes,
      recordRelease: (_record, { by }) => {
        if (this.historyFails) return Promise.reject(new Error('the history is full'))
        this.recorded.push(by)
        return Promise.resolve()
      },
      recordLapse: (_record, { id }) => this.lapsed.push(id),
    })
  }

  /** An item begins to wait; gives its id. */
  wait(
    item: HarakaMailItem,
    requirement: Requirement | null = ENCRYPT,
    failed: FailureClass = 'starttls-refused',
  ): string {
    const failure = { class: failed, detail: 'refused' }
    this.items.put(NODE, item, { requirement, failure, host: 'mx', next: 1, until: 2 })
    this.#waited.set(itemIdOf(item.filename) ?? '', { item, requirement })
    this.timers.push({ id: item.filename, cb: () => this.tried.push(item.filename) })
    return itemIdOf(item.filename) ?? ''
  }

  /** Compares with a queue folder that has an item's file. */
  compare(id: string): Promise<void> {
    return this.orders.compare(NODE, { gone: [], present: new Set([id]) })
  }

  /** Puts leave for an item into the store. */
  async forge(id: string, given: Partial<Grant>): Promise<void> {
    const { uuid = '', demand = '' } = this.items.get(id)?.record ?? {}
    const order = {
      id: 'forged',
      item: id,
      action: 'release',
      by: '',
      reason: '',
      at: new Date().toISOString(),
    }
    const grant = { ...order, demand, uuid, encrypted: false, ...given }
    await this.hashes.write(HASHES.grants(NODE), new Map([[id, JSON.stringify(grant)]]))
  }

  /** Orders something; gives what it came to. */
  async order(id: string, given: Partial<Order> = {}): Promise<{ done: boolean; says: string } | null> {
    const demand = this.items.get(id)?.record.demand ?? ''
    const at = new Date().toISOString()
    const order = {
      id: `order of ${id}`,
      item: id,
      action: 'release',
      by: 'ann',
      reason: 'due',
      at,
      demand,
      ...given,
    }
    await this.hashes.add(HASHES.orders(NODE), new Map([[id, JSON.stringify(order)]]))
    // One for an item under way waits for a few looks.
    for (let looks = 0; looks < 10 && this.hashes.all.get(HASHES.orders(NODE))?.has(id); looks++) {
      await this.orders.look(NODE)
      this.onLook?.(looks)
    }
    if (order.action === 'release') this.#try(id)
    return this.answerTo(order.id)
  }

  /** The try that follows an order. */
  #try(id: string): void {
    const { item, requirement } = this.#waited.get(id) ?? {}
    if (this.atTry) this.atTry(id)
    else if (item && requirement) this.orders.release(NODE, id, item, requirement)
  }

  async answerTo(order: string): Promise<{ done: boolean; says: string } | null> {
    await this.writes.close()
    const answer = parseAnswer(this.hashes.all.get(HASHES.answers)?.get(order) ?? '')
    return answer && { done: answer.done, says: answer.says }
  }
}

describe('a release', () => {
  it('is for the very item that it names, with the same recipients, rules and settings', async () => {
    const rows: readonly [string, HarakaMailItem, Requirement, boolean, Partial<{ off: true }>?][] = [
      ['the item itself', itemOf(FILE), ENCRYPT, true],
      ['after it was put off', itemOf(FILE.replace('_1_77_', '_2_77_')), ENCRYPT, true],
      [
        'the item once its sender was notified',
        itemOf(FILE.replace('tagAAA', 'tagAAA-delayed')),
        ENCRYPT,
        true,
      ],
      ['another item of the same message', itemOf(OTHER_FILE), ENCRYPT, false],
      ['another message in a file of that name', itemOf(FILE, ['cfo@bank.example'], 'U.2'), ENCRYPT, false],
      ['a recipient more', itemOf(FILE, ['cfo@bank.example', 'x@bank.example']), ENCRYPT, false],
      ['another recipient', itemOf(FILE, ['cto@bank.example']), ENCRYPT, false],
      ['a stricter rule', itemOf(FILE), VERIFY, false],
      ['the setting off', itemOf(FILE), ENCRYPT, false, { off: true }],
    ]
    for (const [what, item, requirement, expected, { off } = {}] of rows) {
      const scene = new Scene()
      const id = scene.wait(itemOf(FILE))
      assert.equal((await scene.order(id))?.done, true)
      if (off) scene.allowRelease = false
      const release = scene.orders.release(NODE, itemIdOf(item.filename) ?? '', item, requirement)
      assert.equal(release !== null, expected, what)
      // What did not hold once does not come back.
      if (!expected && itemIdOf(item.filename) === id) {
        scene.allowRelease = true
        assert.equal(scene.orders.release(NODE, id, itemOf(FILE), ENCRYPT), null, what)
      }
    }
  })

  it('is refused where the sender asks for REQUIRETLS, whatever rules say', async () => {
    for (const [requirement, done] of [
      [withAsked(null, 'enforce'), false],
      [withAsked(ENCRYPT, 'enforce'), false],
      // What policy makes of the word is no promise.
      [withAsked(ENCRYPT, 'opportunistic'), true],
      [required({ level: 'encrypt', requireOnward: 'must' }), true],
    ] as const) {
      const scene = new Scene()
      const answer = await scene.order(scene.wait(itemOf(FILE), requirement))
      assert.ok(answer)
      assert.equal(answer.done, done)
      if (!done) assert.match(answer.says, /REQUIRETLS, which nobody else can waive/)
    }
  })

  it('does not release or give up what has changed since it was shown', async () => {
    const changes = [
      [{ demand: 'of other rules' }, /rules or recipients have changed/],
      [{ class: 'certificate-expired' }, /waits for another reason by now/],
    ] as const
    for (const action of ['release', 'fail'] as const) {
      for (const [shown, says] of changes) {
        const scene = new Scene()
        const id = scene.wait(itemOf(FILE))
        const answer = await scene.order(id, { action, ...shown })
        assert.equal(answer?.done, false, action)
        assert.match(answer.says, says)
        assert.equal(scene.orders.release(NODE, id, itemOf(FILE), ENCRYPT), null)
        assert.equal(scene.orders.givingUp(id, itemOf(FILE), ENCRYPT), null)
        assert.deepEqual(scene.tried, [])
      }
    }
  })

  it('answers what the try that follows finds: under way, changed, covered by no rule, rules unknown', async () => {
    const item = itemOf(FILE)
    const record = (scene: Scene, id: string) => scene.items.get(id)?.record as WaitingRecord
    const rows: readonly [string, (scene: Scene, id: string) => void, boolean, RegExp, boolean][] = [
      [
        'the same',
        ({ orders }, id) => assert.ok(orders.release(NODE, id, item, ENCRYPT)),
        true,
        /^it is released, and under way now$/,
        false,
      ],
      [
        'a stricter rule',
        ({ orders }, id) => assert.equal(orders.release(NODE, id, item, VERIFY), null),
        false,
        /rules or recipients have changed since; look at it again/,
        true,
      ],
      [
        'no rule',
        ({ orders }, id) => orders.ended(NODE, id, 'free'),
        false,
        /no rule covers it any more/,
        true,
      ],
      [
        'parts',
        ({ orders }, id) => orders.ended(NODE, id, 'divided'),
        false,
        /divided among its recipients/,
        true,
      ],
      ['the end', ({ orders }, id) => orders.ended(NODE, id, 'bounced'), false, /gets a bounce/, false],
      [
        'rules unknown',
        (scene, id) => scene.orders.waitsAgain({ ...record(scene, id), level: '' }),
        true,
        /released, but its rules cannot be read now/,
        false,
      ],
      [
        'releasing switched off',
        (scene, id) => {
          scene.allowRelease = false
          assert.equal(scene.orders.release(NODE, id, item, ENCRYPT), null)
        },
        false,
        /switched off/,
        true,
      ],
    ]
    for (const [what, atTry, done, says, lapses] of rows) {
      const scene = new Scene()
      const id = scene.wait(item)
      scene.atTry = () => undefined
      assert.equal(await scene.order(id), null, 'no answer before the try')
      atTry(scene, id)
      const answer = await scene.answerTo(`order of ${id}`)
      assert.equal(answer?.done, done, what)
      assert.match(answer.says, says, what)
      assert.deepEqual(scene.lapsed, lapses ? [`order of ${id}`] : [], what)
    }
  })

  it('tries TLS where it was not TLS at the partner that failed', async () => {
    for (const [failed, encrypted] of [
      ['starttls-refused', false],
      ['handshake-failure', false],
      ['certificate-expired', true],
      ['trust-unusable', true],
      ['gateway-unavailable', true],
      ['gateway-misconfigured', true],
    ] as const) {
      const scene = new Scene()
      const id = scene.wait(itemOf(FILE), ENCRYPT, failed)
      assert.equal((await scene.order(id))?.done, true)
      assert.equal(scene.orders.release(NODE, id, itemOf(FILE), ENCRYPT)?.encrypted, encrypted, failed)
    }
  })

  it('is refused with its reason, and then nothing is written down', async () => {
    const rows: readonly [RegExp, (scene: Scene) => void, Partial<Order>?][] = [
      [/switched off/, (scene) => (scene.allowRelease = false)],
      [/needs a reason/, () => undefined, { reason: '  ' }],
      [/have changed since/, () => undefined, { demand: 'another' }],
      [/could not be written down: the history is full/, (scene) => (scene.historyFails = true)],
      [/being tried right now/, (scene) => scene.timers.splice(0)],
      [
        /it was ordered at 1970-01-01T00:00:00Z, .*order it again/,
        () => undefined,
        { at: '1970-01-01T00:00:00Z' },
      ],
      [/it was ordered at soon, .*order it again/, () => undefined, { at: 'soon' }],
    ]
    for (const [says, prepare, given] of rows) {
      const scene = new Scene()
      const item = itemOf(FILE)
      const id = scene.wait(item)
      prepare(scene)
      const answer = await scene.order(id, given)
      assert.equal(answer?.done, false)
      assert.match(answer.says, says)
      assert.equal(scene.hashes.all.get(HASHES.grants(NODE))?.size ?? 0, 0)
      assert.deepEqual(scene.recorded, [])
      scene.allowRelease = true
      assert.equal(scene.orders.release(NODE, id, item, ENCRYPT), null)
    }
  })

  it('that could not be written down is none, even if the store has taken it', async () => {
    const scene = new Scene()
    const item = itemOf(FILE)
    const id = scene.wait(item)
    const write = scene.hashes.write.bind(scene.hashes)
    scene.hashes.write = async (hash, changes) => {
      await write(hash, changes)
      if (![...changes.values()].includes(null)) throw new Error('no answer in time')
    }
    const answer = await scene.order(id)
    assert.equal(answer?.done, false)
    scene.hashes.write = write
    await scene.compare(id)
    assert.equal(scene.orders.release(NODE, id, item, ENCRYPT), null)
    await scene.writes.close()
    assert.equal(scene.hashes.all.get(HASHES.grants(NODE))?.size, 0)
    assert.deepEqual(scene.lapsed, [`order of ${id}`], 'the history has it')
  })

  it('stands in the store for a restart only: what somebody puts there for an item under watch does not count', async () => {
    const grant = { by: 'ann', reason: 'due' }
    const rows: readonly [string, Partial<Grant>, boolean, boolean][] = [
      ['before the start', grant, false, true],
      ['later', grant, true, false],
      ['without a name', { ...grant, by: '' }, false, false],
      ['without a reason', { ...grant, reason: '' }, false, false],
    ]
    for (const [what, given, runs, expected] of rows) {
      const scene = new Scene()
      const item = itemOf(FILE)
      const id = scene.wait(item)
      if (runs) await scene.compare(id)
      await scene.forge(id, given)
      await scene.compare(id)
      assert.equal(scene.orders.release(NODE, id, item, ENCRYPT) !== null, expected, what)
    }
  })

  it('ends for good when releasing is switched off, known here or not', async () => {
    for (const isKnown of [true, false]) {
      const scene = new Scene()
      const item = itemOf(FILE)
      const id = scene.wait(item)
      if (isKnown) await scene.order(id)
      else await scene.forge(id, { by: 'ann', reason: 'due' })
      scene.allowRelease = false
      if (isKnown) await scene.orders.look(NODE)
      else await scene.compare(id)
      await scene.writes.close()
      scene.allowRelease = true
      await scene.compare(id)
      assert.equal(scene.orders.release(NODE, id, item, ENCRYPT), null)
      assert.equal(scene.hashes.all.get(HASHES.grants(NODE))?.size, 0)
    }
  })

  it('of an item that is being given up is refused', async () => {
    const scene = new Scene()
    const id = scene.wait(itemOf(FILE))
    await scene.order(id, { action: 'fail', by: 'bob' })
    const answer = await scene.order(id, { id: 'second' })
    assert.deepEqual(answer, { done: false, says: 'it is being given up, as bob has ordered' })
    assert.deepEqual(scene.recorded, [])
  })

  it('of an item that is being tried just now waits until it is back', async () => {
    const scene = new Scene()
    const id = scene.wait(itemOf(FILE))
    const [timer] = scene.timers.splice(0)
    assert.ok(timer)
    scene.onLook = (looks) => {
      if (looks === 2) scene.timers.push(timer)
    }
    assert.equal((await scene.order(id))?.done, true)
  })

  it('of mail whose rules are unknown is refused', async () => {
    const scene = new Scene()
    const id = scene.wait(itemOf(FILE), null)
    assert.match((await scene.order(id))?.says ?? '', /what its rules require is unknown/)
  })

  it('is granted once, however often it is ordered, and ends with the item', async () => {
    const scene = new Scene()
    const item = itemOf(FILE)
    const id = scene.wait(item)
    assert.equal((await scene.order(id))?.done, true)
    assert.match((await scene.order(id, { id: 'second', by: 'bob' }))?.says ?? '', /has been released before/)
    assert.deepEqual(scene.recorded, ['ann'])
    scene.orders.ended(NODE, id, 'other')
    assert.ok(scene.orders.release(NODE, id, item, ENCRYPT), 'it waits for another reason for now')
    scene.orders.ended(NODE, id, 'released')
    assert.equal(scene.orders.release(NODE, id, item, ENCRYPT), null)
  })
})

describe('an order', () => {
  it('that another process has taken, or that is no order, is not carried out', async () => {
    const scene = new Scene()
    const id = scene.wait(itemOf(FILE))
    scene.hashes.take = () => Promise.resolve(false)
    assert.equal(await scene.order(id), null)
    assert.equal(scene.orders.size, 0)
    const broken = new Scene()
    broken.wait(itemOf(FILE))
    await broken.hashes.add(HASHES.orders(NODE), new Map([[id, '{"action":"release"}']]))
    await broken.orders.look(NODE)
    assert.equal(broken.orders.size, 0)
    assert.equal(broken.hashes.all.get(HASHES.orders(NODE))?.size, 0, 'and is gone')
  })

  it('to give up holds until the item has gone, and says what became of it', async () => {
    const scene = new Scene()
    const id = scene.wait(itemOf(FILE))
    assert.equal(await scene.order(id, { action: 'fail' }), null, 'not answered yet')
    const givingUp = scene.orders.givingUp(id, itemOf(FILE), ENCRYPT)
    assert.deepEqual([givingUp?.by, givingUp?.failure.detail], ['ann', 'refused'])
    assert.equal(scene.orders.givingUp(itemIdOf(OTHER_FILE) ?? '', itemOf(OTHER_FILE), ENCRYPT), null)
    scene.orders.ended(NODE, id, 'delivered')
    assert.equal(scene.orders.givingUp(id, itemOf(FILE), ENCRYPT), null)
  })

  it('to give up counts only while what was shown is required of the recipients that were shown', async () => {
    const more = itemOf(FILE, ['cfo@bank.example', 'x@bank.example'])
    const rows: readonly [string, Requirement | null, HarakaMailItem, Requirement | null, boolean][] = [
      ['the same', ENCRYPT, itemOf(FILE), ENCRYPT, true],
      ['unknown then and now', null, itemOf(FILE), null, true],
      ['another rule', ENCRYPT, itemOf(FILE), VERIFY, false],
      ['unknown now', ENCRYPT, itemOf(FILE), null, false],
      ['unknown then', null, itemOf(FILE), ENCRYPT, false],
      ['a recipient more', ENCRYPT, more, ENCRYPT, false],
    ]
    for (const [what, shown, item, requirement, expected] of rows) {
      const scene = new Scene()
      const id = scene.wait(itemOf(FILE), shown)
      await scene.order(id, { action: 'fail' })
      assert.equal(scene.orders.givingUp(id, item, requirement) !== null, expected, what)
      const answer = await scene.answerTo(`order of ${id}`)
      if (expected) assert.equal(answer, null, what)
      else assert.match(answer?.says ?? '', /have changed since; look at it again/, what)
      assert.equal(scene.orders.size, expected ? 1 : 0, what)
    }
  })
})
