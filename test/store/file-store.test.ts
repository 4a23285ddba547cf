/** FileStore on real files: the contract of rule stores, edits by others, several writers, broken documents. */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  chmodSync,
  lstatSync,
} from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { toSettings } from '../../plugins/enforce-tls/settings/schema.js'
import { FileStore } from '../../plugins/enforce-tls/store/file/rule-store.js'
import { openStore } from '../../plugins/enforce-tls/store/open-store.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { create, describeRuleStore, storeError } from './rule-store-contract.js'
import { createFromProcesses } from './rule-writer.js'

const OWNER = 'acme.example'
const RULE = JSON.stringify({ name: 'one' })

class Place implements AsyncDisposable {
  readonly folder = new TemporaryFolder('file-store')
  readonly file = path.join(this.folder.path, 'rules.json')

  constructor(document?: unknown) {
    if (document !== undefined) this.write(document)
  }

  open(file = this.file): FileStore {
    return new FileStore(file)
  }

  write(document: unknown): void {
    writeFileSync(this.file, typeof document === 'string' ? document : JSON.stringify(document))
  }

  text(): string {
    return readFileSync(this.file, 'utf8')
  }

  files(): string[] {
    return readdirSync(this.folder.path)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder[Symbol.asyncDispose]()
  }
}

function opened(place: Place): FileStore & AsyncDisposable {
  const store = place.open()
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}

function withRule(id: string, rule: unknown = {}): object {
  return { rules: { [OWNER]: { [id]: rule } } }
}

async function idsIn(store: FileStore): Promise<string[]> {
  return [...(await store.readOwner(OWNER)).rules.keys()].sort()
}

describeRuleStore('FileStore', () => Promise.resolve(new Place()))

describe('FileStore and edits by others', () => {
  it('sees with the next read that an editor wrote into the file', async () => {
    await using place = new Place(withRule('a'))
    const store = place.open()
    for (let n = 10; n < 60; n++) {
      place.write(withRule(`id${n}`))
      assert.deepEqual(await idsIn(store), [`id${n}`])
    }
  })

  it('sees with the next read that an editor put a new file in the place of the old one', async () => {
    await using place = new Place(withRule('a'))
    const store = place.open()
    for (let n = 10; n < 60; n++) {
      writeFileSync(`${place.file}.new`, JSON.stringify(withRule(`id${n}`)))
      renameSync(`${place.file}.new`, place.file)
      assert.deepEqual(await idsIn(store), [`id${n}`])
    }
  })

  it('sees a change that left size and time of the file as they were', async () => {
    await using place = new Place(withRule('a'))
    const times = new Date('2020-01-01T00:00:00Z')
    utimesSync(place.file, times, times)
    const store = new FileStore(place.file, { now: () => Date.now() + 10_000 })
    assert.deepEqual(await idsIn(store), ['a'])
    writeFileSync(`${place.file}.new`, JSON.stringify(withRule('b')))
    utimesSync(`${place.file}.new`, times, times)
    renameSync(`${place.file}.new`, place.file)
    assert.deepEqual(await idsIn(store), ['b'])
  })

  it('shares one parse between reads while nothing changes', async () => {
    await using place = new Place(withRule('a'))
    for (const later of [0, 10_000]) {
      const store = new FileStore(place.file, { now: () => Date.now() + later })
      const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => store.services()))
      const again = await store.services()
      if (later > 0) for (const other of others) assert.equal(other, first)
      assert.equal(await store.services(), again)
    }
  })

  it('is empty while the file was never there, and defers rather than pass mail when it vanishes', async () => {
    await using place = new Place()
    const store = place.open()
    assert.deepEqual(await idsIn(store), [])
    place.write(withRule('a'))
    assert.deepEqual(await idsIn(store), ['a'])
    rmSync(place.file)
    await assert.rejects(
      store.readOwner(OWNER),
      storeError('STORE_GONE', /has disappeared; restore it .*enforce-tls init/),
    )
    place.write('{}')
    assert.deepEqual(await idsIn(store), [])
  })

  it('recovers with the next read after a document was broken', async () => {
    await using place = new Place('{')
    const store = place.open()
    await assert.rejects(store.readOwner(OWNER), storeError('STORE_CORRUPT'))
    await assert.rejects(store.readOwner(OWNER), storeError('STORE_CORRUPT'))
    place.write(withRule('a'))
    assert.deepEqual(await idsIn(store), ['a'])
  })

  it('reads what editors of other systems write: a byte order mark, CRLF', async () => {
    await using place = new Place(`\ufeff${JSON.stringify(withRule('a'), null, 2).replaceAll('\n', '\r\n')}`)
    assert.deepEqual(await idsIn(place.open()), ['a'])
  })
})

describe('FileStore and documents that are none', () => {
  for (const [name, document, words] of [
    [
      'no JSON',
      '{\n  "rules": {\n    oops\n  }\n}',
      /line 3, column 5: the document has "o" where a key in double quotes/,
    ],
    [
      'half a document',
      '{ "rules": { "acme.example": {',
      /line 1, column 31: the document has its end where/,
    ],
    ['nothing', '', /is empty; for no rules at all, write \{\}/],
    ['a list', '[]', /is not a JSON object; expected: \{ "domains"/],
    ['an unknown key', { rule: {} }, /unknown key "rule"; allowed keys: domains, groups, rules/],
    ['a prototype as key', '{"__proto__": {"rules": {}}}', /unknown key "__proto__"/],
    [
      'a prototype as owner',
      '{"rules": {"__proto__": {"a": {}}}}',
      /rules\["__proto__"\]: owner "__proto__" has the label/,
    ],
    ['a list of rules', { rules: { [OWNER]: [] } }, /rules\["acme\.example"\]: is not an object/],
    ['rules that are a text', { rules: 'none' }, /rules: is not an object/],
    ['rules that are null', { rules: null }, /rules: is not an object/],
    [
      'an owner in upper case',
      { rules: { 'ACME.example': {} } },
      /rules\["ACME\.example"\]: .*: "acme\.example"/,
    ],
    ['an owner in Unicode', { rules: { 'bücher.example': {} } }, /"xn--bcher-kva\.example"/],
    [
      'an owner that is none',
      { rules: { '1.2.3.4': {} } },
      /rules\["1\.2\.3\.4"\]: owner "1\.2\.3\.4" is an IP address/,
    ],
    [
      'an address as domain',
      { domains: { 'bob@acme.example': {} } },
      /domains\["bob@acme\.example"\]: the domain contains/,
    ],
    ['everybody as domain', { domains: { '*': {} } }, /domains\["\*"\]: the domain has the label/],
    [
      'an owner twice',
      `{"rules": {"${OWNER}": {"a": {}},\n "${OWNER}": {}}}`,
      /line 2, column 2: .*"acme\.example" a second time/,
    ],
    ['a rule id twice', `{"rules": {"${OWNER}": {"a": {}, "a": {}}}}`, /the key "a" a second time/],
  ] as const)
    it(`names file and place of ${name}, and leaves the file alone`, async () => {
      await using place = new Place(document)
      const before = place.text()
      const store = place.open()
      const refused = (error: unknown): true => {
        storeError('STORE_CORRUPT', words)(error)
        assert.ok((error as Error).message.startsWith(`rules file ${place.file}: `), String(error))
        return true
      }
      await assert.rejects(store.readOwner(OWNER), refused)
      await assert.rejects(store.writeRules(OWNER, [create('a', RULE)]), refused)
      assert.equal(place.text(), before)
      assert.deepEqual(place.files(), ['rules.json'])
    })

  it('hands on whatever stands in the place of a rule or a service, for others to judge', async () => {
    await using place = new Place({ domains: { [OWNER]: null }, ...withRule('a b', [1, 'x']) })
    const entries = await place.open().readOwner(OWNER)
    assert.equal(entries.service, 'null')
    assert.deepEqual([...entries.rules], [['a b', '[1,"x"]']])
  })

  it('does not write what it could not read', async () => {
    await using place = new Place(withRule('a'))
    const before = place.text()
    const store = place.open()
    await assert.rejects(
      store.writeRules(OWNER, [create('b', '{oops')]),
      storeError('STORE_CORRUPT', /"\{oops"/),
    )
    await assert.rejects(store.writeService('*', null, '{}'), storeError('STORE_CORRUPT', /domains\["\*"\]/))
    assert.equal(place.text(), before)
  })
})

describe('FileStore and writing', () => {
  it('writes names sorted, two spaces deep, and keeps what others wrote', async () => {
    await using place = new Place({
      rules: { 'z.example': { b: { name: 'b' }, a: {} }, 'empty.example': {} },
      groups: { banks: ['bank.example'] },
    })
    const store = place.open()
    await store.writeRules(OWNER, [create('n', '{ "name":"n" }')])
    await store.writeService(OWNER, null, '{"enabled":true}')
    const expected = {
      domains: { [OWNER]: { enabled: true } },
      groups: { banks: ['bank.example'] },
      rules: { [OWNER]: { n: { name: 'n' } }, 'z.example': { b: { name: 'b' }, a: {} } },
    }
    const { store: marker } = JSON.parse(place.text()) as { store: object }
    assert.equal(place.text(), `${JSON.stringify({ store: marker, ...expected }, null, 2)}\n`)
  })

  it('takes an expected text for the same however it is spaced', async () => {
    await using place = new Place(withRule('a', { n: 1 }))
    await place.open().writeRules(OWNER, [{ id: 'a', expected: '{ "n": 1 }', value: RULE }])
    assert.deepEqual([...(await place.open().readOwner(OWNER)).rules], [['a', RULE]])
  })

  it('bounds its history by bytes, and leaves out texts that are too long for it', async () => {
    await using place = new Place()
    await using store = opened(place)
    const text = (n: number) => JSON.stringify([String(n), 'x'.repeat(1_900_000)])
    await store.writeGroup('banks', null, text(0))
    for (let n = 1; n <= 8; n++) await store.writeGroup('banks', text(n - 1), text(n), { by: 'ann' })
    const size = statSync(`${place.file}.history.jsonl`).size
    assert.ok(size <= 16 * 2 ** 20 && size > 8 * 2 ** 20, String(size))
    const history = await store.history({ limit: 100 })
    assert.deepEqual(
      history.map(({ to }) => to),
      [8, 7, 6, 5].map(text),
    )
    const long = JSON.stringify(['y'.repeat(4_200_000)])
    await store.writeGroup('banks', text(8), long, { by: 'ann' })
    const [entry] = await store.history({ limit: 1 })
    assert.deepEqual([entry?.from, entry?.to, entry?.leftOut?.length], [null, null, 1])
  })

  it('is not larger than what can be read in no time: the rest belongs into Redis', async () => {
    await using place = new Place()
    await using store = opened(place)
    const part = JSON.stringify(['x'.repeat(3_000_000)])
    for (let n = 0; n < 11; n++) await store.writeGroup(`g${n}`, null, part)
    const problem = storeError(
      'STORE_CORRUPT',
      /rules\.json: the document has 35 MB, and a rules file may have 32 MB; keep that many rules in Redis/,
    )
    await assert.rejects(store.writeGroup('g11', null, JSON.stringify(['x'.repeat(3_500_000)])), problem)
    assert.equal((await store.groups()).size, 11)
    writeFileSync(place.file, ' '.repeat(35 * 2 ** 20 - 10))
    await assert.rejects(store.groups(), problem)
  })

  it('makes a new file for owner and group only, and keeps the mode of one that is there', async () => {
    await using place = new Place()
    const store = place.open()
    await store.writeRules(OWNER, [create('a', RULE)])
    assert.equal(statSync(place.file).mode & 0o7777, 0o640)
    chmodSync(place.file, 0o664)
    await store.writeRules(OWNER, [create('b', RULE)])
    assert.equal(statSync(place.file).mode & 0o7777, 0o664)
    assert.deepEqual(place.files(), ['rules.json'])
  })

  for (const [name, exists] of [
    ['a file', true],
    ['no file yet', false],
  ] as const)
    it(`keeps a symbolic link to ${name}, and shares its lock with writers of the real path`, async () => {
      await using place = new Place(exists ? withRule('first') : undefined)
      const link = path.join(place.folder.path, 'link.json')
      symlinkSync('rules.json', link)
      const [direct, linked] = [place.open(), place.open(link)]
      const ids = Array.from({ length: 20 }, (_, n) => `r${n}`)
      await Promise.all(ids.map((id, n) => (n % 2 ? direct : linked).writeRules(OWNER, [create(id, RULE)])))
      assert.ok(lstatSync(link).isSymbolicLink())
      assert.deepEqual(await idsIn(direct), [...ids, ...(exists ? ['first'] : [])].sort())
    })

  it('keeps every rule of fifty that five processes create at the same time', async () => {
    await using place = new Place()
    const ids = Array.from({ length: 5 }, (_, p) => Array.from({ length: 10 }, (_, n) => `p${p}r${n}`))
    const where = { store: { type: 'file', file: place.file }, redis: toSettings({}).redis } as const
    await createFromProcesses(OWNER, where, ids)
    assert.deepEqual(await idsIn(place.open()), ids.flat().sort())
    assert.deepEqual(place.files(), ['rules.json'])
  })

  it('never shows a reader half of a document', async () => {
    await using place = new Place(withRule('a', { n: 0 }))
    const [writer, reader] = [place.open(), place.open()]
    const written = Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        writer.writeRules(OWNER, [create(`r${n}`, JSON.stringify({ text: 'x'.repeat(10_000) }))]),
      ),
    )
    const done = written.then(() => true)
    let reads = 0
    while (!(await Promise.race([done, reader.readOwner(OWNER).then(({ rules }) => !rules.has('a'))])))
      reads++
    assert.ok(reads > 30, 'the reader was too slow to tell')
    assert.ok((await reader.readOwner(OWNER)).rules.has('a'))
    await written
  })

  it('takes over the lock of a writer that died', async () => {
    await using place = new Place()
    mkdirSync(`${place.file}.lock`)
    utimesSync(`${place.file}.lock`, new Date(0), new Date(0))
    await place.open().writeRules(OWNER, [create('a', RULE)])
    assert.deepEqual(place.files(), ['rules.json'])
  })

  it('waits with closing for a change under way', async () => {
    await using place = new Place()
    const store = place.open()
    const written = store.writeRules(OWNER, [create('a', RULE)])
    await store.close()
    assert.deepEqual(await idsIn(place.open()), ['a'])
    await written
  })
})

describe('FileStore and a file system that refuses', () => {
  for (const [name, file, words] of [
    [
      'a folder that does not exist',
      'missing/rules.json',
      /is in a folder that does not exist; create the folder/,
    ],
    ['a folder in the place of the file', '.', /is a folder; the path of a file is expected/],
    ['a file in the place of a folder', 'rules.json/more.json', /through something that is not a folder/],
    ['a link in a circle', 'circle', /symbolic link in a circle/],
    ['a device', '/dev/null', /is not a regular file/],
  ] as const)
    it(`says what to do about ${name}, in reading and in writing`, async () => {
      await using place = new Place('{}')
      symlinkSync('circle', path.join(place.folder.path, 'circle'))
      const store = place.open(path.resolve(place.folder.path, file))
      const refused = storeError('STORE_UNAVAILABLE', words, /^rules file \//)
      await assert.rejects(store.readOwner(OWNER), refused)
      await assert.rejects(store.owners(), refused)
      await assert.rejects(store.writeRules(OWNER, [create('a', RULE)]), refused)
    })

  it(
    'says that this user may not read or write',
    { skip: process.getuid?.() === 0 && 'root may' },
    async () => {
      await using place = new Place('{}')
      chmodSync(place.file, 0)
      const store = place.open()
      const refused = storeError(
        'STORE_UNAVAILABLE',
        /may not be read or written by this user; check owner and mode/,
      )
      await assert.rejects(store.readOwner(OWNER), refused)
      chmodSync(place.file, 0o600)
      chmodSync(place.folder.path, 0o500)
      await assert.rejects(store.writeRules(OWNER, [create('a', RULE)]), refused)
      chmodSync(place.folder.path, 0o700)
    },
  )
})

describe('openStore', () => {
  it('opens what [store] type says', async () => {
    const { redis } = toSettings({})
    const file = openStore({ store: { type: 'file', file: '/rules.json' }, redis })
    assert.equal(file.description, 'rules file /rules.json')
    assert.equal(file.placeOf({ key: 'rules', owner: OWNER, field: 'a' }), 'rules["acme.example"]["a"]')
    assert.equal(file.placeOf({ key: 'domains', owner: OWNER, field: OWNER }), 'domains["acme.example"]')
    const other = openStore({ store: { type: 'redis', file: '' }, redis })
    assert.equal(other.description, 'redis redis://127.0.0.1:6379 (prefix enforce-tls:)')
    await other.close()
  })
})
