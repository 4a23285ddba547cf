import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { OwnedRule } from '../../plugins/enforce-tls/rules/rule-list.js'
import { TemporaryFolder } from '../support/temporary-folder.js'
import { inProcess, RulesFile, type FakeTerminal, type Ran } from './enforce-tls.js'

class Edited {
  constructor(
    readonly rulesFile: RulesFile,
    readonly created: OwnedRule,
    readonly folder: string,
  ) {}

  static async create(t: TestContext, ...options: readonly string[]): Promise<Edited> {
    const rulesFile = await RulesFile.create(t)
    const created = await rulesFile.createRule('*', 'Bank', '--to', 'bank.example', ...options)
    const folder = new TemporaryFolder('editor')
    t.after(() => folder.close())
    return new Edited(rulesFile, created, folder.path)
  }

  /** Edits with these options. */
  run(options: readonly string[], terminal: FakeTerminal = {}): Promise<Ran> {
    const { file } = this.rulesFile
    return inProcess(['rule', 'edit', '*', this.created.id, ...options, '--file', file], terminal)
  }

  /** Edits with a shell script as the editor, which has the file in `$1`. */
  async runEditor(script: string, answer?: string): Promise<Ran> {
    const editor = path.join(this.folder, 'editor.sh')
    await writeFile(editor, script)
    return this.run(['--editor'], {
      env: { EDITOR: `sh '${editor}'` },
      ...(answer === undefined ? {} : { answer }),
    })
  }

  async rule(): Promise<OwnedRule['rule']> {
    return (await this.rulesFile.data<OwnedRule>('rule', 'show', '*', this.created.id)).rule
  }
}

describe('the help of rule edit', () => {
  it('has no defaults: what is not said stays as it is', async () => {
    const edit = await inProcess(['rule', 'edit', '--help'])
    assert.doesNotMatch(edit.stdout.replace(/\s+/g, ' '), /default: (?:encrypt|as in|enforce\)|outgoing)/)
    const create = await inProcess(['rule', 'create', '--help'])
    for (const said of ['encrypt', 'as in the settings', 'enforce', 'outgoing'])
      assert.ok(create.stdout.replace(/\s+/g, ' ').includes(`(default: ${said})`), said)
  })
})

describe('rule edit with options', { concurrency: 8 }, () => {
  it('replaces the fields that are given, leaves the others, and says what changed', async (t) => {
    const edited = await Edited.create(t, '--min-version', 'TLSv1.3', '--enable')
    const { code, stdout } = await edited.run([
      '--to',
      'A.example',
      '.b.example',
      '--name',
      'Both',
      '--level',
      'verify',
    ])
    assert.equal(code, 0)
    assert.deepEqual(await edited.rule(), {
      ...edited.created.rule,
      name: 'Both',
      criteria: { to: { matchesAny: ['a.example', '.b.example'] } },
      actions: { relayWithTls: { level: 'verify', minVersion: 'TLSv1.3' } },
    })
    assert.match(stdout, /^Changed rule \w+ of \* \(Both\):$/m)
    assert.match(stdout, /^ *name: "Bank" → "Both"$/m)
    assert.match(stdout, /^ *to\.matchesAny: added a\.example, \.b\.example; removed bank\.example$/m)
    assert.match(stdout, /^ *level: "encrypt" → "verify"$/m)
  })

  it('removes what --no-… names', async (t) => {
    const options = [
      '--min-version',
      'TLSv1.3',
      '--on-failure',
      'defer',
      '--level',
      'secure',
      '--cert-name',
      'mx.example',
    ]
    const edited = await Edited.create(t, ...options)
    const { code, stderr } = await edited.run(['--no-min-version', '--no-on-failure', '--no-cert-name'])
    assert.equal(code, 0, stderr)
    assert.deepEqual((await edited.rule()).actions, { relayWithTls: { level: 'secure' } })
  })

  it('that change nothing say so, and write nothing', async (t) => {
    const edited = await Edited.create(t)
    const before = await edited.rulesFile.content()
    const { code, stdout } = await edited.run(['--to', 'BANK.example', '--name', 'Bank'])
    assert.equal(code, 0)
    assert.match(stdout, /is as it was: nothing was changed/)
    assert.equal(await edited.rulesFile.content(), before)
  })

  const REFUSED: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ['no option at all', [], 2, /there is nothing to change; give options as in rule create, or --editor/],
    ['an editor and an option', ['--editor', '--name', 'x'], 2, /--editor opens the whole rule/],
    [
      'an empty --require-onward',
      ['--require-onward', ''],
      1,
      /offered, must.*, or --no-require-onward to remove it/,
    ],
    ['an empty --min-version', ['--min-version', ''], 1, /, or --no-min-version to remove it/],
    ['an empty --via', ['--via', ''], 1, /, or --no-via to remove it/],
    ['a bad pattern', ['--to', 'bank..example'], 1, /--to "bank\.\.example" has an empty label/],
    ['an unknown level', ['--level', 'max'], 1, /--level "max" is not one of none, encrypt/],
    ['an empty name', ['--name', ''], 1, /name is empty; expected: a few words/],
    [
      'a name for a level without names',
      ['--cert-name', 'a.example'],
      1,
      /--cert-name has no meaning at level encrypt/,
    ],
    [
      'a header without name',
      ['--header', 'secret'],
      1,
      /--header "secret" names no header field; expected: 'Name: words'/,
    ],
    ['the level taken away', ['--no-level'], 2, /unknown option '--no-level'/],
  ]
  for (const [what, options, code, says] of REFUSED) {
    it(`refuses ${what}, and writes nothing`, async (t) => {
      const edited = await Edited.create(t)
      const before = await edited.rulesFile.content()
      const ran = await edited.run(options)
      assert.equal(ran.code, code, ran.stderr)
      assert.match(ran.stderr, says)
      assert.equal(await edited.rulesFile.content(), before)
    })
  }
})

describe('rule edit --editor', { concurrency: 4 }, () => {
  it('opens the rule as readable JSON, and writes what the editor leaves', async (t) => {
    const edited = await Edited.create(t)
    const copy = path.join(edited.folder, 'copy.json')
    const { code, stdout } = await edited.runEditor(`cp "$1" '${copy}'; sed -i s/Bank/Clinic/ "$1"`)
    assert.equal(code, 0)
    assert.equal(await readFile(copy, 'utf8'), `${JSON.stringify(edited.created.rule, null, 2)}\n`)
    assert.equal((await edited.rule()).name, 'Clinic')
    assert.match(stdout, /name: "Bank" → "Clinic"/)
  })

  it('prefers $VISUAL, and removes its file', async (t) => {
    const edited = await Edited.create(t)
    const note = path.join(edited.folder, 'note')
    const { code, stdout } = await edited.run(['--editor'], {
      env: { VISUAL: `echo >'${note}'`, EDITOR: 'false' },
    })
    assert.equal(code, 0)
    assert.match(stdout, /is as it was: nothing was changed/)
    assert.equal(existsSync((await readFile(note, 'utf8')).trim()), false)
  })

  it('that fails changes nothing', async (t) => {
    const edited = await Edited.create(t)
    const { code, stderr } = await edited.runEditor('sed -i s/Bank/Clinic/ "$1"; exit 3')
    assert.equal(code, 1)
    assert.match(stderr, /the editor sh '.*' ended with exit code 3, so nothing was changed/)
    assert.equal((await edited.rule()).name, 'Bank')
    removeKept(stderr)
  })

  const INVALID: readonly (readonly [string, string, RegExp])[] = [
    [
      'no JSON',
      's/"name"/name/',
      /line 2, column 3: the text has "n" where a key in double quotes is expected/,
    ],
    ['an unknown key', 's/"enabled"/"enabeld"/', /enab/],
    [
      'a bad pattern',
      's/bank.example/bank..example/',
      /field criteria\.to\.matchesAny\[0\]: "bank\.\.example" has an empty/,
    ],
  ]
  for (const [what, sed, says] of INVALID) {
    it(`refuses ${what} with field and value, writes nothing, and keeps the text`, async (t) => {
      const edited = await Edited.create(t)
      const { code, stderr } = await edited.runEditor(`sed -i '${sed}' "$1"`)
      assert.equal(code, 1)
      assert.match(stderr, says)
      assert.match(stderr, /nothing was written/)
      assert.deepEqual(await edited.rule(), edited.created.rule)
      removeKept(stderr)
    })
  }

  it('offers on a terminal to edit again', async (t) => {
    const edited = await Edited.create(t)
    const script =
      'if grep -q bank..example.x "$1"; then sed -i s/bank..example.x/clinic.example/ "$1"; else sed -i s/bank.example/bank..example.x/ "$1"; fi'
    const { code, stderr } = await edited.runEditor(script, 'y\n')
    assert.equal(code, 0, stderr)
    assert.match(stderr, /has an empty label.*nothing was written\nEdit it again\? \[y\/N\] $/)
    assert.deepEqual((await edited.rule()).criteria.to?.matchesAny, ['clinic.example'])
  })

  it('of a rule that somebody else changed meanwhile tells who and what, and writes nothing', async (t) => {
    const edited = await Edited.create(t)
    const main = path.resolve(__dirname, '../../plugins/enforce-tls/cli/main.js')
    const other = `'${process.execPath}' '${main}' rule edit '*' ${edited.created.id} --level verify --as eve --file '${edited.rulesFile.file}'`
    const { code, stderr } = await edited.runEditor(`${other} >/dev/null; sed -i s/Bank/Clinic/ "$1"`)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /rule \S+ of \* was changed by eve while you were editing, so nothing was written; the other change \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\):/,
    )
    assert.match(stderr, /level: "encrypt" → "verify"/)
    assert.match(stderr, /your text is kept in \S+\.json/)
    const { name, actions } = await edited.rule()
    assert.deepEqual([name, actions.relayWithTls?.level], ['Bank', 'verify'])
    removeKept(stderr)
  })

  it('does not give a rule the position of another one', async (t) => {
    const edited = await Edited.create(t)
    const { id } = await edited.rulesFile.createRule('*', 'Second', '--to', '*')
    const { code, stderr } = await edited.runEditor(`sed -i 's/"position": 1/"position": 2/' "$1"`)
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`field position: 2 is the position of rule "${id}" \\(Second\\)`))
    removeKept(stderr)
  })
})

/** Removes the text that a failed edit left for its user. */
function removeKept(stderr: string): void {
  const kept = /your text is kept in (\S+)/.exec(stderr)?.[1]
  assert.ok(kept !== undefined && existsSync(kept), stderr)
  rmSync(path.dirname(kept), { recursive: true })
}
